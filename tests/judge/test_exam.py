"""Exams: fresh for every seed, the same for the same seed, the same through a cell's bytes as beside the judge."""

from __future__ import annotations

import json
import math
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from judge import exam as exams
from judge.cell import answering, wire
from judge.cell.driver import OPERATIONS, RunBackward
from judge.comparing import distance
from judge.exam import Exam, Transcript
from judge.key import answer_key, answer_keys
from judge.problem import Problem, load_all
from tests.judge.layers import ByHand, observed, payloads

ROOT = Path(__file__).parents[2]

problems = pytest.mark.parametrize("problem", load_all(), ids=lambda problem: problem.slug)


def numbers(exam: Exam) -> bytes:
    return b"".join(array.tobytes() for concrete in exam.concretes for array in concrete.tensors)


@problems
def test_the_same_seed_gives_the_same_exam(problem: Problem) -> None:
    one, other = (exams.prepare(problem, 5) for _ in range(2))
    assert [concrete.steps for concrete in one.concretes] == [concrete.steps for concrete in other.concretes]
    assert numbers(one) == numbers(other)


@problems
def test_another_seed_changes_every_input_that_is_drawn(problem: Problem) -> None:
    one, other = exams.prepare(problem, 5), exams.prepare(problem, 6)
    for first, second in zip(one.concretes, other.concretes, strict=True):
        pairs = zip(first.tensors, second.tensors, strict=True)
        assert not first.tensors or any(not np.array_equal(a, b) for a, b in pairs), first.scenario.check_id


@problems
def test_samples_are_the_same_for_every_seed(problem: Problem) -> None:
    assert numbers(exams.prepare(problem, 5, samples=True)) == numbers(exams.prepare(problem, 6, samples=True))


@problems
def test_no_seed_is_too_large_or_too_small(problem: Problem) -> None:
    for seed in (0, 2**53, 2**63 - 1):
        assert exams.prepare(problem, seed).concretes


@problems
def test_a_scenario_does_not_change_with_its_neighbours(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its random numbers come from its own name: adding a scenario leaves the others of an old seed as they were."""
    whole = exams.draw(problem, 9)
    module = exams.module_of(problem.slug, "scenarios")
    for concrete in whole.wide[::7]:
        monkeypatch.setattr(module, "SCENARIOS", (concrete.scenario,))
        (alone,) = exams.draw(problem, 9).wide
        assert alone.steps == concrete.steps
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(alone.tensors, concrete.tensors, strict=True))


@problems
def test_the_exams_of_an_edition_share_shapes_and_no_numbers(problem: Problem) -> None:
    first, *others = exams.draw(problem, 9).exams()
    for other in others:
        for one, two in zip(first.concretes, other.concretes, strict=True):
            assert one.steps == two.steps
            pairs = list(zip(one.tensors, two.tensors, strict=True))
            assert all(a.shape == b.shape and a.dtype == b.dtype for a, b in pairs)
            assert not any(np.array_equal(a, b) for a, b in pairs if a.size > 1), one.scenario.check_id


@problems
def test_a_seed_names_its_exam_in_its_edition(problem: Problem) -> None:
    edition = exams.draw(problem, 9).exams()
    assert exams.edition_of(problem, edition[3].seed) == (9, 3)
    assert numbers(exams.prepare(problem, edition[3].seed)) == numbers(edition[3])


@problems
def test_the_key_of_an_edition_is_the_key_of_each_of_its_exams(problem: Problem) -> None:
    """Answered side by side or alone, the reference says the same, but for the last digits of a float64."""
    edition = exams.draw(problem, 4)
    for together in answer_keys(edition)[::5]:
        alone = answer_key(together.exam)
        assert together.labels == alone.labels
        for convention, transcript in together.by_convention.items():
            for place, (one, other) in enumerate(zip(transcript, alone.by_convention[convention], strict=True)):
                assert [a.dtype for a in one.observations] == [a.dtype for a in other.observations]
                assert distance(one, other, alone.tolerances[place]) < 1e-4
        shared = [one is two for one, two in zip(*together.by_convention.values(), strict=True)]
        assert shared == [one is two for one, two in zip(*alone.by_convention.values(), strict=True)]
        assert np.allclose(np.concatenate(together.tolerances), np.concatenate(alone.tolerances), rtol=1e-6, atol=0)


@problems
def test_check_ids_are_one_of_a_kind_and_name_their_group(problem: Problem) -> None:
    for samples in (False, True):
        scenarios = [concrete.scenario for concrete in exams.prepare(problem, 1, samples=samples).concretes]
        assert len({scenario.check_id for scenario in scenarios}) == len(scenarios)
        assert {scenario.group for scenario in scenarios} <= {group.id for group in problem.groups}


@problems
def test_every_step_is_an_operation_of_the_driver(problem: Problem) -> None:
    for concrete in exams.prepare(problem, 1).concretes:
        assert {operation for operation, _ in concrete.steps} <= OPERATIONS


@problems
def test_a_job_holds_steps_and_inputs_and_nothing_of_the_judges_knowledge(problem: Problem) -> None:
    edition = exams.draw(problem, 1)
    exam, encoded = edition.exams()[3], exams.encode(edition, "cpu")[3]
    (size,) = struct.unpack_from("<I", encoded)
    header = json.loads(encoded[4 : 4 + size])
    tensors, end = answering._cut(bytearray(encoded), 4 + size, header["tensors"])
    assert end == len(encoded)
    assert b"".join(tensor.numpy().tobytes() for tensor in tensors) == numbers(exam)
    assert set(header) == {"class_names", "device", "rank", "random", "tensors", "scenarios", "large"}
    assert all(set(scenario) == {"steps", "tensors"} for scenario in header["scenarios"])
    for concrete in exam.concretes:
        assert concrete.scenario.check_id.encode() not in encoded


@problems
def test_a_transcript_is_the_same_through_the_wire_as_beside_the_judge(problem: Problem) -> None:
    exam = exams.prepare(problem, 3)
    beside = observed(exam, ByHand)
    assert same_bytes(through_the_wire(exam), beside)


def test_the_judges_own_backward_passes_do_without_a_library_of_symbols() -> None:
    program = """
import sys
from judge import diagnosis
from judge.problem import load_all
from judge.stock import prepare_edition
for problem in load_all():
    diagnosis.prepare(problem.slug)
    assert prepare_edition(problem, "cpu", 3)
print("sympy" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


@pytest.mark.parametrize("shape", [(4, 3), (4, 1), (4, 3, 1), (3,)], ids=str)
def test_the_judges_own_backward_passes_are_those_of_a_cell(shape: tuple[int, ...]) -> None:
    gradient = torch.arange(math.prod(shape), dtype=torch.float32).reshape(shape)

    def outcome(run: RunBackward) -> object:
        x = torch.linspace(-1, 1, 12).reshape(4, 3).requires_grad_()
        try:
            run(torch.tanh(x), gradient)
        except RuntimeError:
            return "refused"
        assert x.grad is not None
        return x.grad.tolist()

    assert outcome(exams._run_backward) == outcome(torch.autograd.backward)


def through_the_wire(exam: Exam) -> Transcript:
    """What the trusted side reads after the cell's own packing."""
    return exams.transcript_of_cell(exam, answer_key(exam).labels, dict(enumerate(payloads(exam, ByHand))))


def same_bytes(one: Transcript, other: Transcript) -> bool:
    for first, second in zip(one, other, strict=True):
        assert first is not None
        assert second is not None
        for a, b in zip(first.observations, second.observations, strict=True):
            assert (a.label, a.dtype) == (b.label, b.dtype)
            assert np.array_equal(a.values, b.values, equal_nan=a.dtype.startswith("float"))  # type: ignore[arg-type]
    return True


def test_a_scenario_that_never_came_is_none_and_its_neighbours_are_kept() -> None:
    problem = load_all()[0]
    exam = exams.prepare(problem, 3)
    labels = [["y"]] * len(exam.concretes)
    frames = {2: struct.pack("<BH", wire.Status.OBSERVED, 0)}
    transcript = exams.transcript_of_cell(exam, labels, frames)
    assert [index for index, seen in enumerate(transcript) if seen is not None] == [2]
