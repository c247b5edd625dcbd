"""Reads what a cell left behind – frames, exit, output – into plain evidence; every byte of it is untrusted."""

from __future__ import annotations

import errno
import json
import signal
from dataclasses import dataclass

from judge.cell import wire
from judge.cells import CellOutcome, Ended
from judge.exam import AsAsked, Transcript, transcript_of_cell
from judge.key import AnswerKey
from judge.report import CandidateError, RuleFinding, Text, Verdict
from judge.telling import Cause, main_cause
from judge.words import ENDED, MEDDLED, NAMED_BUILT_IN, PROCESS_ERROR, SIGNALLED, cannot_load

_LIMIT_VERDICTS = {
    Ended.WALL_LIMIT: Verdict.TIME_LIMIT,
    Ended.CPU_LIMIT: Verdict.TIME_LIMIT,
    Ended.MEMORY_LIMIT: Verdict.MEMORY_LIMIT,
    Ended.OUTPUT_LIMIT: Verdict.OUTPUT_LIMIT,
}
_MOST_FINDINGS_BYTES = 1024 * 1024
"""Four times what a file of 64 KiB can name honestly; as objects of Python it is 30 MB."""
_NO_ROOM = tuple(f"[Errno {number}]" for number in (errno.EFBIG, errno.ENOSPC))
_OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "Cannot allocate memory")


@dataclass(frozen=True)
class Evidence:
    """What is known of one run before anything is compared.

    ``verdict`` is set when the run itself decides (a limit, a file that does not load, a process that died); the
    checks then only say how far it came. ``rule_broken`` holds when a built-in normalisation did the work.
    """

    transcript: Transcript
    verdict: Verdict | None
    error: CandidateError | None
    findings: tuple[RuleFinding, ...]
    rule_broken: bool
    line: int | None = None
    """Where in the candidate's file a limit was passed, if the cell told."""
    spared: bool = False
    """Whether a limit was passed on large inputs alone: what is missing of them counts for nothing."""


def read(key: AnswerKey, outcome: CellOutcome) -> Evidence:
    """The evidence in an outcome; bytes no honest driver sends count as the candidate's process having broken down."""
    try:
        return _read(key, outcome)
    except (wire.Malformed, ValueError, RecursionError):  # a list nested a million deep is legal JSON
        empty: Transcript = (None,) * len(key.exam.scenarios)
        error = _broken_down(MEDDLED)
        return Evidence(empty, _LIMIT_VERDICTS.get(outcome.ended, Verdict.RUNTIME_ERROR), error, (), rule_broken=False)


def _read(key: AnswerKey, outcome: CellOutcome) -> Evidence:
    frames = {(kind, index): payload for kind, index, payload in outcome.frames}
    large = [scenario.large for scenario in key.exam.scenarios]
    places = {frame: place for place, frame in enumerate(_in_order(large))}
    if not frames.keys() <= places.keys():
        raise wire.Malformed("a frame that the exam does not have")
    if (order := [places[frame] for frame in frames]) != sorted(order):  # NORMS ahead would hide the driver's own
        raise wire.Malformed("frames out of order")
    scenarios = {index: payload for (kind, index), payload in frames.items() if kind == wire.Kind.SCENARIO}
    payloads = [scenarios.get(index, b"") for index in range(len(large))]
    numbers = key.sheet.numbers_of(payloads)
    if numbers is not None:
        transcript: Transcript = AsAsked(payloads, key.labels, numbers)
        spared = False
    else:
        transcript = transcript_of_cell(key.exam, key.labels, scenarios)
        transcript, spared = (
            _sparing(large, transcript, outcome) if (wire.Kind.NORMS, 0) in frames else (transcript, False)
        )
    findings, broken = _findings(frames)
    verdict, error = _how_it_ended(outcome, frames, transcript, spared=spared)
    return Evidence(transcript, verdict, error, findings, broken, outcome.line, spared)


def _in_order(large: list[bool]) -> list[tuple[int, int]]:
    """Kind and index of every frame an exam may have, as a cell sends them: NORMS also before the large scenarios."""
    scenarios = [(int(wire.Kind.SCENARIO), index) for index in range(len(large))]
    first = len(large) - sum(large)
    last = [(wire.Kind.NORMS, 1), (wire.Kind.FATAL, 0), (wire.Kind.FATAL, 1), (wire.Kind.END, 0)]
    return [(wire.Kind.LOOKED, 0), *scenarios[:first], (wire.Kind.NORMS, 0), *scenarios[first:], *last]


def _sparing(large: list[bool], transcript: Transcript, outcome: CellOutcome) -> tuple[Transcript, bool]:
    """The transcript without the large scenarios in which a limit was passed, and whether there is such a one.

    A loop over single values takes a minute for a million of them, and is right.
    """
    if any(seen is None and not is_large for seen, is_large in zip(transcript, large, strict=True)):
        return transcript, False
    passed = [
        is_large and seen is not None and seen.error is not None and _limit(seen.error) is not None
        for seen, is_large in zip(transcript, large, strict=True)
    ]
    kept = tuple(None if there else seen for seen, there in zip(transcript, passed, strict=True))
    return kept, any(passed) or (outcome.ended in _LIMIT_VERDICTS and any(seen is None for seen in kept))


def _how_it_ended(
    outcome: CellOutcome, frames: dict[tuple[int, int], bytes], transcript: Transcript, *, spared: bool
) -> tuple[Verdict | None, CandidateError | None]:
    if outcome.ended in _LIMIT_VERDICTS and not spared:
        return _LIMIT_VERDICTS[outcome.ended], None
    for stage, verdict in ((0, Verdict.COMPILE_ERROR), (1, Verdict.RUNTIME_ERROR)):
        if (wire.Kind.FATAL, stage) in frames:
            raw = wire.read_error(frames[wire.Kind.FATAL, stage])
            if stage == 0 and (said := cannot_load(raw.type, raw.message)) is not None:
                return verdict, CandidateError(raw.type, raw.line, said["en"], said)
            return _limit(raw) or verdict, _error(raw)
    if outcome.signal == signal.SIGXFSZ:
        return Verdict.OUTPUT_LIMIT, None
    as_asked = isinstance(transcript, AsAsked)
    if not spared and (outcome.ended is not Ended.FINISHED or (not as_asked and None in transcript)):
        return Verdict.RUNTIME_ERROR, _broken_down(_last_words(outcome))
    if as_asked:
        return None, None
    raised = [seen.error for seen in transcript if seen is not None and seen.error is not None]
    if (refused := next(filter(_limit, raised), None)) is not None:
        return _limit(refused), _error(refused)
    main = main_cause(transcript)
    told = next((error for error in raised if main == Cause(error.type, error.line)), None)
    return None, None if told is None else _error(told)


def _error(raw: wire.RawError) -> CandidateError:
    return CandidateError(raw.type, raw.line, raw.message)


def _limit(raw: wire.RawError) -> Verdict | None:
    """What is refused at a limit surfaces as an exception of the candidate's; it is the limit all the same."""
    if raw.type in ("MemoryError", "OutOfMemoryError") or any(word in raw.message for word in _OUT_OF_MEMORY):
        return Verdict.MEMORY_LIMIT
    return Verdict.OUTPUT_LIMIT if raw.type == "OSError" and raw.message.startswith(_NO_ROOM) else None


def _broken_down(said: Text) -> CandidateError:
    return CandidateError(PROCESS_ERROR, None, said["en"], said)


def _last_words(outcome: CellOutcome) -> Text:
    if outcome.signal is None:
        return ENDED
    return {language: words.format(signal=outcome.signal) for language, words in SIGNALLED.items()}


def _findings(frames: dict[tuple[int, int], bytes]) -> tuple[tuple[RuleFinding, ...], bool]:
    named = _rows(frames.get((wire.Kind.LOOKED, 0)), 4)
    ran = [row for index in range(2) for row in _rows(frames.get((wire.Kind.NORMS, index)), 2)]
    findings = list(dict.fromkeys(RuleFinding(_name(name), _line(line), "ran") for name, line in ran))
    broken = bool(ran) or any(quiet is True for _, _, quiet, _ in named)
    for name, line, quiet, reached in named:
        seen_by = "barred" if quiet is True else "named" if reached is True else "apart"
        said = None if broken and seen_by == "named" else NAMED_BUILT_IN[seen_by]
        findings.append(RuleFinding(_name(name), _line(line), seen_by, said))
    return tuple(findings[:50]), broken


def _rows(payload: bytes | None, width: int) -> list[list[object]]:
    if payload is None:
        return []
    if len(payload) > _MOST_FINDINGS_BYTES:
        raise wire.Malformed("findings without end")
    rows = json.loads(payload)
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == width for row in rows):
        raise wire.Malformed("findings of another form")
    return rows


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise wire.Malformed("a finding without a name")
    return value[:200].encode("utf-8", "replace").decode()  # JSON may hold half a surrogate pair, a database may not


def _line(value: object) -> int | None:
    return value if type(value) is int and 0 < value < 1_000_000 else None  # True is an instance of int
