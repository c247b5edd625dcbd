"""`judge verify`: what it proves of the real problems, and that it sees an exam or a sample that is no good."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from judge.problem import Problem, load, load_all
from judge.proof import matrix as matrices
from judge.proof.matrix import Matrix, Row
from judge.proof.specimens import specimens
from judge.proof.trials import trials
from judge.report import Verdict
from judge.verify import _named, verify

problems = pytest.mark.parametrize("problem", load_all(), ids=lambda problem: problem.slug)


@problems
@pytest.mark.timeout(900)  # every sample goes through the jail, those that run into their time limit too
@pytest.mark.usefixtures("jail")
def test_every_problem_is_proven_on_two_seeds(problem: Problem) -> None:
    lines: list[str] = []
    assert verify(problem, seeds=2, out=lines.append), "\n".join(line for line in lines if "NOT PROVEN" in line)
    assert any("misconceptions caught" in line for line in lines)


@problems
def test_there_are_enough_samples_of_each_kind(problem: Problem) -> None:
    samples = specimens(problem)
    verdicts = [sample.verdict for sample in samples]
    assert verdicts.count(Verdict.ACCEPTED) >= 12
    assert verdicts.count(Verdict.WRONG_ANSWER) >= 25
    assert set(verdicts) == set(Verdict) - {Verdict.JUDGE_ERROR}
    assert sum(1 for sample in samples if len(sample.expects) >= 2) >= 10


def copy_of(problem: Problem, tmp_path: Path, *files: tuple[str, str]) -> Problem:
    """The problem with only these samples: verdict folder / new name, and the sample it is copied from."""
    for target, origin in files:
        path = tmp_path / "submissions" / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(problem.folder / "submissions" / origin, path)
    return replace(problem, folder=tmp_path)


def test_a_problem_without_wrong_samples_is_refused(tmp_path: Path) -> None:
    lines: list[str] = []
    problem = copy_of(load("batchnorm1d"), tmp_path, ("accepted/one.py", "accepted/notebook.py"))
    assert not verify(problem, seeds=1, out=lines.append)
    assert any("no sample submission with the verdict wrong_answer" in line for line in lines)


def test_a_right_sample_that_fails_and_a_wrong_one_that_passes_are_seen(tmp_path: Path) -> None:
    problem = copy_of(
        load("batchnorm1d"),
        tmp_path,
        ("accepted/wrong.py", "wrong_answer/no_eps.py"),
        ("accepted/right.py", "accepted/notebook.py"),
        ("wrong_answer/right.py", "accepted/torch_convention.py"),
    )
    complaints = trials(problem, specimens(problem), range(1, 4), lambda line: None)
    assert any("accepted/wrong.py is right and fails" in complaint for complaint in complaints)
    assert any("wrong_answer/right.py is wrong and passes on seed 1" in complaint for complaint in complaints)
    assert any("no right sample follows the unbiased convention" in complaint for complaint in complaints)


def test_a_folder_that_is_no_verdict_is_refused(tmp_path: Path) -> None:
    problem = copy_of(load("batchnorm1d"), tmp_path, ("correct/one.py", "accepted/notebook.py"))
    with pytest.raises(ValueError, match="correct"):
        specimens(problem)


def test_the_first_line_of_a_sample_names_the_expected_misconceptions(tmp_path: Path) -> None:
    folder = tmp_path / "submissions" / "wrong_answer"
    folder.mkdir(parents=True)
    for name, line in [
        ("a", "# expects: no_eps"),
        ("b", "# expects: no_eps, eps_clamp"),
        ("c", "# expects: unknown"),
        ("d", "import torch"),
        ("e", ""),
    ]:
        (folder / f"{name}.py").write_text(line)
    found = [sample.expects for sample in specimens(replace(load("batchnorm1d"), folder=tmp_path))]
    assert found == [("no_eps",), ("no_eps", "eps_clamp"), (), (), ()]


def test_a_name_that_is_missing_or_too_much_is_seen(tmp_path: Path) -> None:
    named = {"single": [], "pair": ["no_eps"], "nameless": ["no_eps"], "right": ["no_eps"]}
    for verdict, name, line in [
        ("wrong_answer", "single", "# expects: no_eps"),
        ("wrong_answer", "pair", "# expects: no_eps, eps_clamp"),
        ("wrong_answer", "nameless", "# expects: unknown"),
        ("accepted", "right", ""),
    ]:
        path = tmp_path / "submissions" / verdict / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(line)
    samples = specimens(replace(load("batchnorm1d"), folder=tmp_path))
    reports: list[Any] = [
        SimpleNamespace(diagnoses=[SimpleNamespace(id=name) for name in named[sample.path.stem]]) for sample in samples
    ]
    assert sorted(_named(samples, reports, lambda line: None)) == [
        "accepted/right.py is right and is diagnosed with no_eps",
        "samples with one mistake: 0 of 1 named, wanted 95%",
        "samples with two mistakes: 0 of 1 named, wanted 70%",
        "wrong_answer/nameless.py has a mistake without a name and is diagnosed with no_eps",
    ]


ROWS = (
    Row("caught", 0, (50.0, 0.0, 3.0), 50.0),
    Row("narrow", 0, (4.0, 0.0, 0.5), 4.0),
    Row("twofold", 0, (0.0, 0.0, 0.0), 0.0),
    Row("twofold", 1, (90.0, 0.0, 0.0), 90.0),
    Row("missed", 0, (0.3, 0.0, 0.0), 0.3),
)


def test_a_matrix_complains_of_what_is_missed_idle_or_narrow() -> None:
    matrix = Matrix(("one", "two", "three"), ROWS)
    assert matrix.complaints() == [
        "no check catches missed",
        "two catches nothing",
        "narrow (0) differs by only 4.0 tolerances",
    ]
    assert matrix.weak() == {"one": ["narrow"], "three": ["caught"]}


def test_a_shown_matrix_has_a_row_for_each_variant_and_its_weakest_margin() -> None:
    lines: list[str] = []
    Matrix(("one", "two", "three"), ROWS).show(lines.append)
    assert any(line.split() == ["caught", "0", "#.+", "weakest", "margin", "50"] for line in lines)
    assert matrices.CLEARLY == 10
