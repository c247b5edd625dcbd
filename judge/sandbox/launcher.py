"""Root's way into the box: becomes an unused user, with a range of further ones for cells, and runs bubblewrap.

The box's folders are first bound where that user can reach them; bubblewrap then is root of a user namespace only.

``python -m judge.sandbox.launcher PATH… -- COMMAND…``; becomes bubblewrap; only the standard library.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from judge.cell import kernel

USERS = 4096
"""Users of the host that a box takes: more than cells alive at once, so that a number comes round late."""
_FIRST_USERS = (1_900_000_000, 61_000)
"""A part of the 32 bits that Linux distributions leave unassigned; the second for containers with few users."""

_CAP_SYS_ADMIN = 21


def main() -> None:
    """Never returns: the process becomes bubblewrap, or ends with a sentence on stderr."""
    split = sys.argv.index("--")
    paths, command = sys.argv[1:split], sys.argv[split + 1 :]
    try:
        if _may(_CAP_SYS_ADMIN):
            command = _stage(paths, command)
        _become_root_of_a_namespace(_first_user())
        os.chdir("/")
        os.execv(command[0], command)  # noqa: S606 - no shell, and the command is ours
    except OSError as error:
        needs = "It needs user namespaces (sysctl user.max_user_namespaces), CAP_SETUID and CAP_SETGID."
        sys.exit(f"The box cannot be entered as root: {error}. {needs}")


def _may(capability: int) -> bool:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> capability & 1)
    return False


def _stage(paths: list[str], command: list[str]) -> list[str]:
    """Binds each path under a new tmpfs of this process's own mount namespace; ``/root/…`` is closed to others."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    staging = Path("/tmp")  # noqa: S108 - hidden under our tmpfs, in our mount namespace only
    sources = [os.open(path, os.O_PATH) for path in paths]
    kernel.mount("none", str(staging), "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0755,size=64k")
    staged: dict[str, str] = {}
    for place, (path, source) in enumerate(zip(paths, sources, strict=True)):
        target = staging / str(place)
        if stat.S_ISDIR(os.fstat(source).st_mode):
            target.mkdir()
        else:
            target.touch()
        kernel.mount(f"/proc/self/fd/{source}", str(target), None, kernel.MS_BIND | kernel.MS_REC)
        os.close(source)
        staged[path] = str(target)
    return [staged.get(word, word) if command[place - 1] == "--ro-bind" else word for place, word in enumerate(command)]


def _first_user() -> int:
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        inside, _, count = map(int, line.split())
        for first in _FIRST_USERS:
            if inside <= first and first + USERS <= inside + count:
                return first
    raise OSError("this container has too few users")


def _become_root_of_a_namespace(first: int) -> None:
    """A child that stays outside writes the maps: from inside, this process may map only itself.

    The namespace is made while still root. Made by the ordinary user, it would be that user's, and a root without
    CAP_SYS_ADMIN, which a container's is, could not write its maps.
    """
    ready_read, ready_write = os.pipe()
    done_read, done_write = os.pipe()
    ours = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(ready_write)
        os.read(ready_read, 1)
        for kind in ("uid_map", "gid_map"):
            Path(f"/proc/{ours}/{kind}").write_text(f"0 {first} {USERS}\n")
        os.write(done_write, b"x")
        os._exit(0)
    os.close(done_write)
    os.setgroups([])
    kernel.unshare(kernel.CLONE_NEWUSER)
    os.write(ready_write, b"x")
    mapped = os.read(done_read, 1)
    os.waitpid(child, 0)
    if not mapped:
        raise OSError("the users of the box could not be mapped")
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    for descriptor in (ready_read, ready_write, done_read):
        os.close(descriptor)


if __name__ == "__main__":
    main()
