"""One cell seen from the trusted side: it is made and jailed here, handed a job later, and put away at the end."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from judge.cell import gate as messages
from judge.problem import Limits
from judge.sandbox.box import Box, CellFault
from judge.sandbox.cgroups import Group

MAKE_SECONDS = 30.0
"""A cell is made in 15 ms, one with CUDA in seconds; a machine on which it takes longer is of no use for judging."""
END_SECONDS = 10.0
"""A killed cell is gone in 2 ms; the kernel needs longer only to free a great deal of memory."""

_MOST_TASKS_WHILE_MADE = 64
_DESCRIPTORS_OF_A_CELL = 4
"""stdin, stdout, stderr and the channel; the limit counts what a candidate opens beside them."""
_CREDENTIALS = struct.Struct("3i")
_MOST_DESCRIPTORS = 2 + len(messages.NAMESPACES)


@dataclass(frozen=True)
class Shape:
    """What a cell must know when it is made: the size of its ``/tmp``."""

    tmp_bytes: int
    tmp_files: int

    @staticmethod
    def of(limits: Limits) -> Shape:
        page = 4096
        return Shape(max(page, -(-limits.file_bytes // page) * page), max(1, limits.files))


@dataclass
class Exit:
    """How the candidate's process ended, as the zygote told it."""

    status: int
    cpu_ns: int


class Cell:
    """A jailed process that waits for one job, with the descriptors that lead to it."""

    def __init__(self, box: Box, group: Group | None, shape: Shape, uid: int) -> None:
        """Makes the cell and returns when its last wall is up; raises ``CellFault``."""
        self.box, self.group, self.shape, self.uid = box, group, shape, uid
        self.init_pidfd = self.candidate_pidfd = self.tmp = -1
        self.gate, gate = _gate()
        self.channel, channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.stdout, stdout = os.pipe()
        self.stderr, stderr = os.pipe()
        doors: list[int] = []
        try:
            doors = self._build_room()
            box.spawn(uid, [gate.fileno(), channel.fileno(), stdout, stderr, *doors])
            gate.close()
            self._await_candidate()
        except BaseException:
            self.end()
            raise
        finally:
            gate.close()
            channel.close()
            for descriptor in (stdout, stderr, *doors):
                os.close(descriptor)

    def _build_room(self) -> list[int]:
        """Has the mason build the room, over a gate of its own: whoever waits at one hears of an end only while nobody
        here holds the other side."""
        ours, theirs = _gate()
        with ours:
            try:
                self.box.order_room(self.uid, self.shape.tmp_bytes, self.shape.tmp_files, theirs.fileno())
            finally:
                theirs.close()
            return self._await_room(ours)

    def _await_room(self, gate: socket.socket) -> list[int]:
        """Init, into the group; then it hands over itself and the doors to its namespaces, and gives up its rights."""
        if self.group is not None:
            self.group.free_memory()
            self.group.set_processes(_MOST_TASKS_WHILE_MADE)
        self._admit(gate)
        _, [self.init_pidfd, self.tmp, *doors] = _receive(gate, messages.ROOM_BUILT)
        try:
            self.init_pid, _ = _receive(gate, messages.INIT)
        except CellFault:
            for descriptor in doors:
                os.close(descriptor)
            raise
        return doors

    def _await_candidate(self) -> None:
        """The candidate's process, into the group; then it tells when it is ready."""
        self._admit(self.gate)
        self.candidate_pid, _ = _receive(self.gate, messages.READY)
        for descriptor in (self.stdout, self.stderr):
            os.set_blocking(descriptor, False)
        self.channel.setblocking(False)
        self.gate.setblocking(False)

    def _admit(self, gate: socket.socket) -> None:
        """Lets a process go on once it is in the cell's control group."""
        pid, _ = _receive(gate, messages.HELLO)
        if self.group is not None:
            self.group.join(pid)
        try:
            gate.send(messages.JOINED)
        except OSError as error:
            raise CellFault(f"A cell ended while it was made: {error}") from error

    def start(self, limits: Limits, address_bytes: int) -> bool:
        """Tells the cell its limits, after which it reads the job; False if it had died while it waited."""
        open_files = limits.files + _DESCRIPTORS_OF_A_CELL
        tail = (int(limits.cpu_seconds) + 2, limits.file_bytes, limits.processes + 1, open_files, address_bytes)
        try:
            self.candidate_pidfd = os.pidfd_open(self.candidate_pid)  # still its own: it waits for what is sent next
            self.gate.send(messages.LIMITS + messages.LIMITS_TAIL.pack(*tail))
        except OSError:
            return False
        return not self.spoilt()

    def ask_where(self) -> None:
        """Asks the candidate's process for the line it is at; it answers with a ``WHERE`` frame or not at all."""
        with suppress(OSError):
            signal.pidfd_send_signal(self.candidate_pidfd, signal.SIGUSR1)

    def dead(self) -> bool:
        """Whether init is gone, and so every process of the cell."""
        poll = select.poll()
        poll.register(self.init_pidfd, select.POLLIN)
        return bool(poll.poll(0))

    def spoilt(self) -> bool:
        """Whether init or the candidate's process ended while the cell waited; of the latter the zygote has told."""
        poll = select.poll()
        poll.register(self.init_pidfd, select.POLLIN)
        poll.register(self.gate, select.POLLIN)
        return bool(poll.poll(0))

    def ending(self) -> bool:
        """Whether init is gone or about to be: it gives up its memory, then ends the others, and only then is dead."""
        try:
            with open(f"/proc/{self.init_pid}/statm") as file:  # noqa: PTH123 - as short as it gets
                return int(file.read().split()[0]) == 0
        except OSError:
            return True

    def gone(self) -> bool:
        """Whether no process is left, in the pid namespace and in the control group."""
        return self.dead() and (self.group is None or self.group.empty())

    def exit(self) -> Exit | None:
        """How the candidate's process ended, if it has; a fault told over the gate is raised."""
        with suppress(BlockingIOError):
            try:
                message = self.gate.recv(1024)
            except ConnectionResetError:  # told once, when not all we said was read; what the zygote said comes after
                message = self.gate.recv(1024)
            if message.startswith(messages.EXIT):
                status, microseconds = messages.EXIT_TAIL.unpack(message[len(messages.EXIT) :])
                return Exit(status, microseconds * 1000)
            if message.startswith(messages.FAULT):
                raise CellFault(f"A cell failed before its job: {message.decode('utf-8', 'replace')}")
        return None

    def waited_for_processor(self) -> float:
        """Seconds for which a thread of the candidate's process was ready to run and had no processor, the most of any;
        0 where the kernel does not count them."""
        waits = [0]
        with suppress(OSError):  # it may have ended
            for task in Path(f"/proc/{self.candidate_pid}/task").iterdir():
                with suppress(OSError):
                    waits.append(int((task / "schedstat").read_text().split()[1]))
        return max(waits) / 1e9

    def kill(self) -> None:
        """Ends every process of the cell, at once."""
        if self.init_pidfd >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.init_pidfd, signal.SIGKILL)

    def wait(self) -> None:
        """Returns when no process of the cell is left; raises ``CellFault`` if the kernel does not end them."""
        if self.init_pidfd < 0:
            return
        poll = select.poll()
        poll.register(self.init_pidfd, select.POLLIN)
        if not poll.poll(END_SECONDS * 1000):
            raise CellFault("A killed cell does not end; its processes hang in the kernel.")

    def end(self) -> None:
        """Kills, waits and closes."""
        self.kill()
        try:
            self.wait()
        finally:
            self.close()

    def close(self) -> None:
        """Closes our ends; used twice it does nothing."""
        self.gate.close()
        self.channel.close()
        for name in ("stdout", "stderr", "init_pidfd", "candidate_pidfd", "tmp"):
            descriptor = getattr(self, name)
            setattr(self, name, -1)
            if descriptor >= 0:
                os.close(descriptor)


def _gate() -> tuple[socket.socket, socket.socket]:
    """Our end, at which each sender is vouched for, and the one to hand over."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    ours.settimeout(MAKE_SECONDS)
    return ours, theirs


def _receive(gate: socket.socket, expected: bytes) -> tuple[int, list[int]]:
    """Waits for this message; the sender's process id is vouched for by the kernel."""
    try:
        room = socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(4 * _MOST_DESCRIPTORS)
        received, ancillary, _, _ = gate.recvmsg(1024, room, socket.MSG_CMSG_CLOEXEC)
    except OSError as error:
        raise CellFault(f"A cell did not get as far as {expected.decode()}: {error}") from error
    sender, descriptors = 0, list[int]()
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors = list(struct.unpack(f"{len(data) // 4}i", data))
        elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            sender = _CREDENTIALS.unpack(data)[0]
    if received != expected:
        said = received.removeprefix(messages.FAULT).decode("utf-8", "replace") or "it ended"
        raise CellFault(f"A wall of a cell could not be put up: {said}.")
    return sender, descriptors
