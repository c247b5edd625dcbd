"""The judge on the command line: run, verify, doctor, learn, bench."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from judge import problem as problems
from judge.report import CheckStatus, Report, Verdict

if TYPE_CHECKING:
    from judge.engine import Judge

ALL_ACCEPTED, NOT_ACCEPTED, BAD_USAGE, JUDGE_ERROR = 0, 1, 2, 3


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    options = _parser().parse_args(arguments)
    commands = {"run": _run, "verify": _verify, "doctor": _doctor, "learn": _learn, "bench": _bench}
    return commands[options.command](options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m judge", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="judge files; exit 0 when all are accepted, 1 when one is not")
    run.add_argument("problem", help=", ".join(problems.slugs()))
    run.add_argument("files", nargs="+", type=Path, metavar="FILE")
    run.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    run.add_argument("--seed", type=_seed, help="repeat the exam of this seed")
    run.add_argument("--samples", action="store_true", help="run the sample scenarios and show everything")
    run.add_argument(
        "--json", action="store_true", help="one line a file, in their order: its report, or why there is none"
    )
    verify = commands.add_parser("verify", help="let the problems prove their own exams")
    verify.add_argument("problems", nargs="*", metavar="PROBLEM")
    verify.add_argument("--seeds", type=int, default=200, help="how many fresh exams each sample meets (default 200)")
    commands.add_parser("doctor", help="try to break each wall of the sandbox; exit 0 when the required ones hold")
    commands.add_parser("learn", help="run every known wrong layer and keep on disk what naming needs of it")
    bench = commands.add_parser("bench", help="measure the judge against a bare exam and a cold judge")
    bench.add_argument("--runs", type=int, default=60)
    return parser


def _seed(text: str) -> int:
    seed = int(text)
    if not 0 <= seed < 2**63:
        raise argparse.ArgumentTypeError("a seed is a whole number from 0 to 2^63 - 1")
    return seed


def _fail(message: str, status: int) -> int:
    print(f"judge: {message}", file=sys.stderr)
    return status


def _load(slug: str) -> problems.Problem | None:
    try:
        return problems.load(slug)
    except problems.UnknownProblem:
        _fail(f"no problem named {slug}; there are: {', '.join(problems.slugs())}", BAD_USAGE)
        return None


def _run(options: argparse.Namespace) -> int:
    problem = _load(options.problem)
    if problem is None:
        return BAD_USAGE
    from judge.cells import CellFault
    from judge.starting import start_judge

    try:
        judge = start_judge(standby=1, device=options.device)
    except CellFault as fault:
        statuses = [_not_judged(path, options, str(fault), Verdict.JUDGE_ERROR) for path in options.files]
        return max(statuses)
    try:
        return max(_run_one(judge, problem, path, options) for path in options.files)
    finally:
        judge.close()


def _run_one(judge: Judge, problem: problems.Problem, path: Path, options: argparse.Namespace) -> int:
    """Judges one file and tells of it, whatever stumbles; the next file gets its turn all the same."""
    try:
        source = path.read_bytes()
    except OSError as error:
        return _not_judged(path, options, error.strerror or str(error))
    if len(source) > problems.MAX_SOURCE_BYTES:
        return _not_judged(path, options, f"larger than {problems.MAX_SOURCE_BYTES // 1024} KiB")
    try:
        report = judge.judge(problem, source, samples=options.samples, seed=options.seed)
    except Exception as fault:
        # The top of the loop: one file that stumbles over a fault of ours must not cost the others their lines.
        traceback.print_exc()
        return _not_judged(path, options, f"{type(fault).__name__}: {fault}", Verdict.JUDGE_ERROR)
    if options.json:
        print(json.dumps(report.to_dict(), ensure_ascii=False), flush=True)
    else:
        _show(path, report)
    return ALL_ACCEPTED if report.verdict is Verdict.ACCEPTED else NOT_ACCEPTED


def _not_judged(path: Path, options: argparse.Namespace, why: str, verdict: Verdict | None = None) -> int:
    """Says on stderr, and with ``--json`` in the file's line too, why there is no report."""
    if options.json:
        line = {"problem": options.problem, "file": str(path), "verdict": verdict, "fault": why}
        print(json.dumps(line, ensure_ascii=False), flush=True)
    return _fail(f"{path}: {why}", BAD_USAGE if verdict is None else JUDGE_ERROR)


def _show(path: Path, report: Report) -> None:
    """One report for a person at a terminal."""
    score = "" if report.samples else f"  {report.score:g} of {report.max_score:g}"
    print(f"{path}: {report.verdict.value}{score}  (seed {report.seed}, {report.timing.wall_ms:.0f} ms)")
    print(f"  {report.message['en']}")
    if report.error is not None:
        place = f" at line {report.error.line}" if report.error.line else ""
        print(f"  {report.error.type}{place}: {report.error.message}")
    for finding in report.rule_findings:
        said = f" {finding.said['en']}" if finding.said else ""
        print(f"  built-in: {finding.name} ({finding.seen_by}, line {finding.line}){said}")
    for view in report.samples:
        sign = "ok  " if view.status is CheckStatus.PASSED else "FAIL"
        print(f"\n  [{sign}] {view.title['en']} — {view.observation}")
        for number, step in enumerate(view.steps, start=1):
            print(f"    {number}. {step['en']}")
        for word, text in (("input", view.input), ("expected", view.expected["en"]), ("actual", view.actual["en"])):
            print(f"    {word}:")
            print("\n".join(f"      {line}" for line in text.splitlines()))
        if view.largest_difference is not None and view.status is not CheckStatus.PASSED:
            print(f"    largest difference {view.largest_difference:.3g} at {view.difference_index}")
    if not report.samples:
        for group in report.groups:
            print(f"  {group.title['en']:<28} {group.points:g}/{group.max_points:g}  {group.passed} of {group.total}")
        for check in report.checks:
            if check.status in (CheckStatus.FAILED, CheckStatus.ERROR):
                print(f"    {check.status.value} {check.id}: {check.staff_detail['en']}")
    for diagnosis in report.diagnoses:
        print(f"  diagnosis {diagnosis.id}: {diagnosis.sentence['en']}")
    for convention, kind in report.conventions.items():
        print(f"  convention: {convention} is {kind}")
    for name, text in (("stdout", report.stdout), ("stderr", report.stderr)):
        if text:
            print(f"  {name}: {text[:2000]!r}")


def _verify(options: argparse.Namespace) -> int:
    chosen = options.problems or list(problems.slugs())
    loaded = [_load(slug) for slug in chosen]
    if None in loaded:
        return BAD_USAGE
    from judge.verify import verify

    held = [verify(problem, seeds=options.seeds) for problem in loaded if problem is not None]
    return ALL_ACCEPTED if all(held) else NOT_ACCEPTED


def _doctor(_: argparse.Namespace) -> int:
    from judge import doctor

    return ALL_ACCEPTED if doctor.run() else NOT_ACCEPTED


def _learn(_: argparse.Namespace) -> int:
    from judge import diagnosis

    for slug in problems.slugs():
        diagnosis.prepare(slug)
    return ALL_ACCEPTED


def _bench(options: argparse.Namespace) -> int:
    from judge import bench

    return bench.run(runs=options.runs)


if __name__ == "__main__":
    sys.exit(main())
