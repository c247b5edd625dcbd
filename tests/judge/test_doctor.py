"""The doctor on this machine: all walls hold, and a wall that does not is named."""

from __future__ import annotations

import compileall
import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge import doctor, doctor_program
from judge.cells import Cells, NoCell
from judge.doctor import Probe
from judge.sandbox import box


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    made = Cells(standby=1)
    yield made
    made.close()


def test_every_required_wall_holds_here(cells: Cells) -> None:
    probes = doctor.probe_walls(cells)
    assert [probe for probe in probes if probe.required and not probe.held] == []
    assert doctor.complaint(probes) is None
    assert len(probes) >= 15


@pytest.mark.usefixtures("jail")
def test_the_doctor_says_one_line_for_each_wall() -> None:
    said: list[str] = []
    assert doctor.run(said.append)
    assert all("\n" not in line for line in said)
    assert any(line.startswith("ok   network:") for line in said)
    assert any("bubblewrap" in line for line in said)


def test_a_probe_that_gets_through_is_a_wall_that_does_not_hold(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_PROGRAM_TAIL", "\nHOST_PATHS += ['/usr/lib']\nmain()\n")
    probes = {probe.name: probe for probe in doctor.probe_walls(cells)}
    assert not probes["files of the host"].held
    assert "/usr/lib" in probes["files of the host"].detail
    assert "files of the host" in (doctor.complaint(list(probes.values())) or "")


def test_a_cell_runs_the_interpreter_that_serves(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor._interpreter(cells).held
    monkeypatch.setattr(sys, "version", "3.11.99 (another)")
    probe = doctor._interpreter(cells)
    assert probe.required
    assert not probe.held


@pytest.mark.parametrize(
    ("keeps", "user", "group", "groups", "held"),
    [
        (False, 4096, 4096, [], True),
        (False, 4096, 4096, [4096], False),
        (True, 1000, 1000, [1000], True),  # whoever logs in is in their own group
        (True, 1000, 1000, [1000, 65534], True),
        (True, 1000, 1000, [27], False),
        (True, 1000, 1000, [0], False),
        (True, 0, 1000, [], False),
        (True, 1000, 0, [], False),
    ],
)
def test_an_ordinary_user_keeps_their_groups_and_root_none(
    monkeypatch: pytest.MonkeyPatch, keeps: bool, user: int, group: int, groups: list[int], held: bool
) -> None:
    monkeypatch.setattr(doctor_program, "KEEPS_GROUPS", keeps)
    assert (doctor_program.root_of_something(user, group, groups) is None) is held


def test_a_user_whose_home_is_the_root_folder_can_judge(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")
    assert doctor.complaint(doctor.probe_walls(cells)) is None


def test_a_limit_that_is_not_kept_is_a_wall_that_does_not_hold(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    run = cells.run
    monkeypatch.setattr(cells, "run", lambda job, limits: run(job, dataclasses.replace(limits, processes=40)))
    assert "process limit" in {probe.name for probe in doctor.probe_walls(cells) if not probe.held}


@pytest.mark.usefixtures("jail")
def test_walls_that_cannot_be_tried_are_not_said_to_be_broken() -> None:
    closed = Cells(standby=1)
    closed.close()
    with pytest.raises(NoCell):
        doctor.probe_walls(closed)


def test_only_required_walls_stop_the_judging() -> None:
    assert doctor.complaint([Probe("control groups", False, False, "none")]) is None
    assert "network" in str(doctor.complaint([Probe("network", False, True, "open")]))
    assert Probe("network", False, True, "open.", "Close it.").line() == "FAIL network: open. Close it."


def test_packages_compiled_for_the_box_name_no_folder_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (Path(__file__).parents[2] / "scripts/install-packages").read_text()
    command = next(line for line in script.splitlines() if "-m compileall" in line)
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("def one(): pass\n")
    monkeypatch.setattr("judge.sandbox.box._packages", lambda: [package])
    compileall.compile_dir(tmp_path, quiet=1)
    assert str(tmp_path) in box.telling_places()
    command = command.replace(".venv/bin/python", sys.executable)
    subprocess.run(["sh", "-c", f"site={tmp_path}\n{command}"], check=True)
    assert str(tmp_path) not in box.telling_places()
    assert b"/box/packages/package/__init__.py" in next(package.glob("__pycache__/*.pyc")).read_bytes()
