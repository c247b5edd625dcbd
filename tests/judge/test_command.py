"""`judge run` on the command line: a line for every file, and an exit status that says the worst of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judge import __main__ as command
from judge.cells import CellFault
from judge.engine import Judge
from judge.problem import MAX_SOURCE_BYTES, load

SAMPLES = load("batchnorm1d").folder / "submissions"
RIGHT, WRONG = SAMPLES / "accepted/beginner.py", SAMPLES / "compile_error/syntax_error.py"


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("jail")
def test_each_file_gets_its_line_though_others_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    large = tmp_path / "large.py"
    large.write_bytes(b"#" * (MAX_SOURCE_BYTES + 1))
    files = [tmp_path / "missing.py", RIGHT, large, tmp_path, WRONG]
    assert command.main(["run", "batchnorm1d", *map(str, files), "--json"]) == command.BAD_USAGE
    told = lines(capsys)
    assert [line["verdict"] for line in told] == [None, "accepted", None, None, "compile_error"]
    assert [line.get("file") for line in told if line["verdict"] is None] == [str(files[place]) for place in (0, 2, 3)]
    assert all(line["fault"] for line in told if line["verdict"] is None)


@pytest.mark.usefixtures("jail")
def test_a_file_that_stumbles_over_a_fault_of_ours_costs_no_other_its_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Judge.judge

    def stumbles(self: Judge, problem: object, source: bytes, **options: object) -> object:
        if source == WRONG.read_bytes():
            raise CellFault("a wall fell")
        return judge(self, problem, source, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Judge, "judge", stumbles)
    assert command.main(["run", "batchnorm1d", str(WRONG), str(RIGHT), "--json"]) == command.JUDGE_ERROR
    told = lines(capsys)
    assert [line["verdict"] for line in told] == ["judge_error", "accepted"]
    assert told[0]["fault"] == "CellFault: a wall fell"
