"""The outer wall: one bubblewrap box around the zygote, with only the interpreter, torch and ``judge/cell`` in it.

An ordinary user gets a box with that one user in it. Root starts the box as an unused user of the host with a range
of further ones, one for each cell (``launcher.py``), so that nothing in the box is root of anything.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from contextlib import suppress
from pathlib import Path

from judge.cell import gate

START_SECONDS = 120.0
"""The import of torch takes 2 s on a warm disk; a cold disk on a busy machine takes most of a minute."""

_CELL_FOLDER = Path(__file__).parent.parent / "cell"
_CODE, _PACKAGES, _PYTHON = "/box/code", "/box/packages", "/box/python"
_ROOTS_OF_PACKAGES = ("torch", "numpy", "tzdata")
_CUDA_NEEDS = ("/sys", "/usr/local/nvidia", "/etc/ld.so.cache")
_CUDA_LIBRARIES = "/usr/local/nvidia/lib64:/usr/local/nvidia/lib"
"""Where a driver is put into a container; on a plain machine its library lies among the others."""


class CellFault(Exception):  # noqa: N818 - a fault of ours, never the candidate's
    """Our side failed: a wall could not be put up, the zygote died. The job is not judged."""


class NoCell(CellFault):
    """No cell can be made now: nothing of the job has begun, and it may be tried again when one can."""


class Box:
    """One running box; ``control`` takes spawn orders. Made and used by one thread, which must outlive it."""

    def __init__(self, device: str, *, move_memory: bool) -> None:
        self.as_root = os.geteuid() == 0
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._rooms, masons = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        log_read, log_write = os.pipe()
        self._log = os.fdopen(log_read, "rb")
        try:
            self.process = subprocess.Popen(  # noqa: S603 - every argument is ours
                _command([theirs.fileno(), masons.fileno()], device, self.as_root, move_memory=move_memory),
                stdin=subprocess.DEVNULL,
                stdout=log_write,
                stderr=log_write,
                pass_fds=(theirs.fileno(), masons.fileno()),
                env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
                cwd=_CELL_FOLDER.parent.parent if self.as_root else "/",
            )
        except OSError as error:
            for end in (self.control, self._rooms, self._log):
                end.close()
            raise NoCell(f"The sandbox did not start: {error}.") from error
        finally:
            theirs.close()
            masons.close()
            os.close(log_write)
        os.set_blocking(log_read, False)
        self.file_bytes_at_rest = -1  # what a waiting cell maps of the zygote's file: the meter finds out
        self._await_zygote()

    def _await_zygote(self) -> None:
        self.control.settimeout(START_SECONDS)
        try:
            message = self.control.recv(64)
        except TimeoutError:
            message = b""
        self.control.setblocking(False)
        if len(message) == gate.ZYGOTE_READY.size:
            _, self.landlock, self.counts_namespaces, self.moved_bytes = gate.ZYGOTE_READY.unpack(message)
        else:
            said = self.last_words()
            self.close()
            raise NoCell(f"The sandbox did not start. {said} `python -m judge doctor` says what is missing.")

    def order_room(self, uid: int, tmp_bytes: int, tmp_files: int, gate_end: int) -> None:
        """Orders the room of one cell from the mason; who builds it answers over the gate."""
        self._order(self._rooms, gate.ROOM.pack(uid, tmp_bytes, tmp_files), [gate_end])

    def spawn(self, uid: int, descriptors: list[int]) -> None:
        """Orders a candidate's process into a room; it answers over its gate, the first of the descriptors."""
        self._order(self.control, gate.SPAWN.pack(uid), descriptors)

    @staticmethod
    def _order(to: socket.socket, message: bytes, descriptors: list[int]) -> None:
        try:
            socket.send_fds(to, [message], descriptors)
        except OSError as error:
            raise CellFault(f"The zygote takes no orders: {error}") from error

    def alive(self) -> bool:
        """Whether zygote and mason still hold their ends of the sockets; a killed one may for a moment longer than its
        cells."""
        return _is_held(self.control) and _is_held(self._rooms)

    def last_words(self) -> str:
        """The end of what bubblewrap and the zygote wrote, for a fault's message and the log."""
        deadline = time.monotonic() + 2
        while self.process.poll() is None and time.monotonic() < deadline and not self.alive():
            time.sleep(0.01)
        data = b""
        with suppress(OSError):
            data = self._log.read(1 << 16) or b""
        lines = data.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "It said nothing."

    def close(self) -> None:
        """Ends the zygote and with it every cell; returns when they are gone."""
        self.control.close()
        self._rooms.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


def _is_held(end: socket.socket) -> bool:
    """Whether somebody still holds the other end."""
    try:
        return end.recv(64, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def _command(sockets: list[int], device: str, as_root: bool, *, move_memory: bool) -> list[str]:
    bwrap = shutil.which("bwrap", path="/usr/local/bin:/usr/bin:/bin")
    if bwrap is None:
        raise CellFault("bubblewrap is not installed: on Debian, `apt install bubblewrap`.")
    binds = _binds()
    start = [str(_python_in_box()), "-I", "-S", "-B", "-c", _ZYGOTE_START, *map(str, sockets), device]
    start.append("moved" if move_memory else "left")
    walls = [
        "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
        "--die-with-parent", "--as-pid-1", "--new-session", "--clearenv", "--hostname", "box",
    ]  # fmt: skip
    if as_root:
        launcher = [sys.executable, "-E", "-s", "-S", "-m", "judge.sandbox.launcher"]
        rights = [
            "--cap-drop",
            "ALL",
            "--cap-add",
            "CAP_SETUID",
            "--cap-add",
            "CAP_SETGID",
            "--cap-add",
            "CAP_KILL",
            *_ENTERS,
        ]
        head = [*launcher, *(source for source, _ in binds), "--", bwrap, *rights]
    else:
        head = [bwrap, "--unshare-user", "--uid", "1000", "--gid", "1000", *_ENTERS]
    return [*head, *walls, *_view(binds, device), "--", *start]


_ENTERS = ("--cap-add", "CAP_SYS_ADMIN")
"""Over the box's own user namespace only: the mason makes the pid namespace of a cell and the zygote forks into it."""

_ZYGOTE_START = "import sys; sys.path += ['/box/packages', '/box/code']; from judge.cell import zygote; zygote.main()"


def _view(binds: list[tuple[str, str]], device: str) -> list[str]:
    """What the box sees: everything read-only, ``/proc`` for the zygote (cells cover it), four harmless devices.

    Covered: other packages of this machine beside the standard library, and compiled files of ours, which name the
    path they were compiled at.
    """
    folders = {parent for _, target in binds for parent in Path(target).parents} | {Path("/dev"), Path("/tmp")}  # noqa: S108
    view: list[str] = []
    for folder in sorted(folders - {Path("/")}):
        view += ["--perms", "0755", "--dir", str(folder)]  # bubblewrap would make them for their owner alone
    for source, target in binds:
        view += ["--ro-bind", source, target]
        for name in ("site-packages",) if source != str(_CELL_FOLDER) else ("__pycache__",):
            if Path(source, name).is_dir():
                view += ["--tmpfs", f"{target}/{name}", "--remount-ro", f"{target}/{name}"]
    view += _proc()
    for name in ("null", "zero", "random", "urandom"):
        view += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    if device == "cuda":
        for node in sorted(Path("/dev").glob("nvidia*")):
            view += ["--dev-bind", str(node), str(node)]
        for needed in _CUDA_NEEDS:
            view += ["--ro-bind-try", needed, needed]
    if libraries := _loader_looks_in(device):
        view += ["--setenv", "LD_LIBRARY_PATH", libraries]
    for name in ("lib", "lib64"):
        link = Path("/", name)
        if link.is_symlink():
            view += ["--symlink", str(link.readlink()), f"/{name}"]
    return [*view, "--remount-ro", "/"]


def _proc() -> list[str]:
    """A fresh ``/proc``, or the container's own where the engine masks parts of it and so forbids a fresh one."""
    masked = any(line.split()[4].startswith("/proc/") for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return ["--bind", "/proc", "/proc"] if masked else ["--proc", "/proc"]


def _loader_looks_in(device: str) -> str:
    """Where the loader looks first. An interpreter names the folder of its own library, which is called otherwise here:
    it would find another Python of the same minor version, the system's, or none."""
    folders = [] if _python_in_box().parent == Path("/usr/bin") else [str(_python_in_box().parent.parent / "lib")]
    return ":".join([*folders, *([_CUDA_LIBRARIES] if device == "cuda" else [])])


def _executable() -> Path:
    """The interpreter itself, not the virtual environment's link to it."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _python_in_box() -> Path:
    """Where it stands in the box: under ``/usr`` as here, since that tells nothing, else under a neutral name."""
    executable = _executable()
    return executable if executable.is_relative_to("/usr") else Path(_PYTHON, "bin", executable.name)


def _binds() -> list[tuple[str, str]]:
    """``(path here, path in the box)``: paths of this machine that would tell something get a neutral name."""
    python, stdlib = _python_in_box(), Path(sysconfig.get_path("stdlib"))
    library = python.parent.parent / "lib"
    binds = [(_executable(), python), (stdlib, library / stdlib.name)]
    if python.parent != Path("/usr/bin"):
        binds += [(path, library / path.name) for path in stdlib.parent.glob("libpython*.so*")]
        if python.is_relative_to("/usr"):
            binds.append((Path("/etc/ld.so.cache"), Path("/etc/ld.so.cache")))  # finds /usr/local/lib
    binds += [(path, path) for path in _library_folders()]
    binds += [(path, Path(_PACKAGES, path.name)) for path in _packages()]
    binds.append((_CELL_FOLDER, Path(_CODE, "judge/cell")))
    return [(str(source), str(target)) for source, target in binds]


def _library_folders() -> list[Path]:
    """Where the loader finds libc and its like."""
    triplet = sysconfig.get_config_var("MULTIARCH") or "x86_64-linux-gnu"
    candidates = [Path("/usr/lib") / triplet, Path("/usr/lib64")]
    candidates += [path for path in (Path("/lib") / triplet, Path("/lib64")) if not path.parent.is_symlink()]
    return [path for path in candidates if path.is_dir() and not path.is_symlink()]


def telling_places() -> list[str]:
    """Folders of this machine that code in a cell can read of, though it cannot see them.

    A compiled file names the path of its source. An interpreter that was built for a folder names it in its library;
    one below ``/usr`` is the same on every machine.
    """
    found = {str(path.parent) for path in _packages() if not _compiled_for_the_box(path)}
    if not _executable().is_relative_to("/usr"):
        found.add(sys.base_prefix)
    return sorted(found)


def _compiled_for_the_box(package: Path) -> bool:
    """By the files at its top; whoever compiled those compiled the others."""
    inside = os.fsencode(Path(_PACKAGES, package.name))
    return all(inside in file.read_bytes() for file in package.glob("__pycache__/*.pyc"))


def _packages() -> list[Path]:
    """Files and folders in site-packages of torch, numpy, the time zones and what they require; nothing else of the
    environment."""
    wanted, found = list(_ROOTS_OF_PACKAGES), dict[str, set[Path]]()
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found[name] = _top_level(distribution)
        for requirement in distribution.requires or ():
            if "extra ==" not in requirement:
                wanted.append(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0])
    if "torch" not in found:
        raise CellFault("torch is not installed in this environment.")
    return sorted(set().union(*found.values()))


def _top_level(distribution: importlib.metadata.Distribution) -> set[Path]:
    names = {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__", "bin")}
    names = {name for name in names if not name.endswith((".dist-info", ".pth", ".egg-info"))}
    return {path for name in names if (path := Path(str(distribution.locate_file(name)))).exists()}
