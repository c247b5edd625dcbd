"""What stops the service before it starts: one sentence that says what to do, and a status that is not 0."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config import Settings
from app.faults import CannotStart
from app.serve import check_sandbox, make_first_sign_in, serve

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """``serve`` takes the signals of its process, which here are the tests' own."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def sentences(said: str) -> list[str]:
    return [line for line in said.splitlines() if line]


@pytest.fixture
def bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in on the path, which says what it was asked for and then refuses; asked for its version, it answers."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "bwrap"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && exit 0\n'
        'printf "%s\\n" "$@" > "$0.asked"\necho "bwrap: No permissions" >&2\nexit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return program


def test_without_user_namespaces_it_says_which_setting_forbids_them(bubblewrap: Path) -> None:
    with pytest.raises(CannotStart, match=r"allows no user namespaces.*bwrap: No permissions") as refused:
        check_sandbox()
    assert "\n" not in str(refused.value)
    # Started by root, bubblewrap itself would need none.
    assert "--unshare-user" in bubblewrap.with_name("bwrap.asked").read_text().splitlines()


def test_without_bubblewrap_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotStart, match="apt-get install bubblewrap"):
        check_sandbox()


@pytest.mark.parametrize("program", [b"\x7fELF no program of this machine", b"#!/bin/sh\nexit 7\n"])
def test_a_broken_bubblewrap_is_told_from_a_machine_that_allows_none(bubblewrap: Path, program: bytes) -> None:
    bubblewrap.write_bytes(program)
    with pytest.raises(CannotStart, match="bwrap does not work: install bubblewrap again"):
        check_sandbox()


def test_a_container_with_one_user_is_told_from_a_machine_that_allows_none() -> None:
    checking = "from app.serve import check_sandbox; check_sandbox()"
    tried = subprocess.run(
        ["unshare", "--user", "--map-root-user", sys.executable, "-c", checking],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "CannotStart: As root Handcode gives each cell a user of its own" in tried.stderr
    assert "too few users" in tried.stderr


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings(data=tmp_path / "file" / "data", port=free_port(), database_url="")
    with pytest.raises(CannotStart) as refused:
        serve(settings)
    [sentence] = sentences(str(refused.value))
    assert sentence.startswith(f"The data folder {settings.data} cannot be used")
    assert sentence.endswith("set HANDCODE_DATA to another.")


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart) as refused:
            serve(Settings(data=tmp_path / "data", port=port, database_url=""))
    [sentence] = sentences(str(refused.value))
    assert sentence.startswith(f"Port {port} on 127.0.0.1 cannot be used")
    assert not (tmp_path / "data").exists()


def test_of_two_first_starts_at_once_one_makes_the_sign_in(settings: Settings) -> None:
    async def both() -> list[list[str]]:
        return await asyncio.gather(make_first_sign_in(settings), make_first_sign_in(settings))

    said = asyncio.run(both())
    assert sorted(map(len, said)) == [0, 2]
