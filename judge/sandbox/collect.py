"""Hands one job to a waiting cell and collects what comes out, within the limits; decides why the cell is over.

Deadlines are by the monotonic clock, CPU by the kernel's accounting. Output is read past its cap and thrown away, so
that a flooding cell never blocks us; the end of a stream is never waited for.
"""

from __future__ import annotations

import os
import select
import signal
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from judge.cell import wire
from judge.problem import Limits
from judge.sandbox.box import CellFault
from judge.sandbox.meter import Meter, Used, meter
from judge.sandbox.standby import Cell, Exit

_CHUNK = 256 * 1024
_ANSWER_SECONDS = 0.25
"""How long a cell that passed a limit may take to say where it is: a millisecond, unless it is inside one long call."""
_PROCESSORS = os.cpu_count() or 1


class Ended(StrEnum):
    """Why a cell is over; ``finished`` means its END frame was seen."""

    FINISHED = "finished"
    EXITED = "exited"
    KILLED = "killed"
    WALL_LIMIT = "wall_limit"
    CPU_LIMIT = "cpu_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"


@dataclass(frozen=True)
class CellOutcome:
    """Everything that came out of a cell, all of it untrusted but the measurements, which were taken outside."""

    frames: tuple[tuple[int, int, bytes], ...]
    ended: Ended
    exit_code: int | None
    signal: int | None
    stdout: bytes
    stderr: bytes
    wall_ms: float
    cpu_ms: float
    peak_memory_bytes: int
    line: int | None = None
    """Where in the candidate's file a limit was passed, if the cell told."""


class Collector:
    """One job in one cell."""

    def __init__(self, cell: Cell, job: bytes, limits: Limits) -> None:
        self.cell, self.limits = cell, limits
        self.to_send = memoryview(struct.pack("<I", len(job)) + job)
        self.reader = wire.FrameReader()
        self.frames: dict[tuple[int, int], bytes] = {}
        self.output = {cell.stdout: bytearray(), cell.stderr: bytearray()}
        self.output_bytes = 0
        self.ended: Ended | None = None
        self.told: Exit | None = None
        self.asked = False
        self.line: int | None = None

    def run(self, address_bytes: int) -> CellOutcome | None:
        """The outcome, or None when the cell died before any code of the candidate ran; raises ``CellFault``."""
        try:
            self.meter: Meter = meter(self.cell, self.limits.memory_bytes)
            if self.cell.group is not None:
                self.cell.group.set_processes(self.limits.processes + 1)  # and init
        except OSError:
            return None  # what is asked of a dead cell, or of a group that somebody removed with it
        started = time.monotonic()
        if not self.cell.start(self.limits, address_bytes):
            return None
        self._collect(started)
        used = self.meter.used()
        if self.ended in (Ended.WALL_LIMIT, Ended.CPU_LIMIT, Ended.OUTPUT_LIMIT):
            self._ask_where()
        if self.ended is not Ended.FINISHED:
            self.cell.kill()
            self.cell.wait()
        wall_ms = (time.monotonic() - started) * 1000
        self._drain()
        return self._outcome(used, wall_ms)

    def _collect(self, started: float) -> None:
        """Until END, the cell's death, or a limit."""
        cell, poll = self.cell, select.poll()
        channel = cell.channel.fileno()
        poll.register(channel, select.POLLIN | select.POLLOUT)
        poll.register(cell.init_pidfd, select.POLLIN)
        poll.register(cell.gate, select.POLLIN)
        for descriptor in self.output:
            poll.register(descriptor, select.POLLIN)
        deadline = started + self.limits.wall_seconds
        waited_before = self.cell.waited_for_processor()
        look_at = started + self._seconds_to_next_look(Used(0, 0, memory_exceeded=False, machine_out_of_memory=False))
        while self.ended is None:
            now = time.monotonic()
            if now >= deadline:
                waited = self.cell.waited_for_processor() - waited_before
                deadline = started + self.limits.wall_seconds + min(waited, self._longest_wait)
                if now >= deadline:
                    if waited > self._longest_wait:
                        raise CellFault("The machine was too busy to run a cell; it waited for a processor.")
                    self.ended = Ended.WALL_LIMIT
                    return
            if now >= look_at:
                seconds = self._look()
                looked = time.monotonic()
                look_at = looked + max(seconds, looked - now)  # on a busy machine, looking must leave time to read
                if self.ended is not None:
                    return
            for descriptor, event in poll.poll(max(1.0, (min(deadline, look_at) - time.monotonic()) * 1000)):
                if descriptor in (cell.init_pidfd, cell.gate.fileno()):
                    self.told = self._how_it_ended()
                    self._drain()
                    self.ended = self.ended or Ended.EXITED
                    return
                if descriptor == channel:
                    if event & select.POLLOUT and not self._send():
                        poll.modify(channel, select.POLLIN)
                    if event & ~select.POLLOUT and not self._receive():
                        poll.unregister(channel)
                elif not self._read_output(descriptor):
                    poll.unregister(descriptor)

    @property
    def _longest_wait(self) -> float:
        """Seconds a cell may wait for a processor, which is no time of the candidate's: a second judging is likelier to
        end than one that got so little."""
        return 4 * self.limits.wall_seconds

    def _ask_where(self) -> None:
        """Lets the cell say which line passed the limit, and send what it has printed."""
        limit = self.ended
        self.cell.ask_where()
        self.asked = True
        poll, deadline = select.poll(), time.monotonic() + _ANSWER_SECONDS
        channel = self.cell.channel.fileno()
        for descriptor in (channel, *self.output):
            poll.register(descriptor, select.POLLIN)
        while self.asked and (left := deadline - time.monotonic()) > 0:
            for descriptor, _ in poll.poll(left * 1000):
                if not (self._receive() if descriptor == channel else self._read_output(descriptor)):
                    poll.unregister(descriptor)
        self.ended = limit  # whatever came meanwhile

    def _how_it_ended(self) -> Exit | None:
        """What the zygote told of the candidate's process, unless process 1 is gone too: another hand ended both."""
        told = self.cell.exit()
        return None if self.cell.ending() else told

    def _look(self) -> float:
        """Checks what only asking shows; returns the seconds until the next look is due."""
        used = self.meter.used()
        if used.memory_exceeded:
            self.ended = Ended.MEMORY_LIMIT
        elif used.cpu_ns > self.limits.cpu_seconds * 1e9:
            self.ended = Ended.CPU_LIMIT
        return self._seconds_to_next_look(used)

    def _seconds_to_next_look(self, used: Used) -> float:
        """CPU cannot run out sooner than what is left, spent on every processor at once."""
        left = (self.limits.cpu_seconds - used.cpu_ns / 1e9) / _PROCESSORS
        return min(max(left, 0.005), self.meter.seconds_between)

    def _send(self) -> bool:
        """Sends more of the job; False when there is nothing left to send."""
        try:
            sent = self.cell.channel.send(self.to_send[:_CHUNK])
        except BlockingIOError:
            return True
        except OSError:
            return False  # the cell closed its end: what it sent before that still counts
        self.to_send = self.to_send[sent:]
        return bool(self.to_send)

    def _receive(self) -> bool:
        """Reads frames; False when the cell closed its end."""
        try:
            data = self.cell.channel.recv(_CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        try:
            for kind, index, payload in self.reader.feed(data):
                if kind == wire.Kind.WHERE:
                    self.line = wire.read_where(payload) if self.asked else None
                    self.asked = False
                    continue
                self.frames.setdefault((kind, index), payload)
                if kind == wire.Kind.END:
                    self.ended = self.ended or Ended.FINISHED
                    break
        except wire.Malformed:
            self.ended = self.ended or Ended.KILLED
        return bool(data)

    def _read_output(self, descriptor: int) -> bool:
        """Reads one chunk of stdout or stderr; False at its end."""
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.output_bytes += len(data)
        kept = self.output[descriptor]
        kept += data[: max(0, self.limits.output_bytes - len(kept))]
        if self.output_bytes > self.limits.output_bytes:
            self.ended = Ended.OUTPUT_LIMIT
        return bool(data)

    def _drain(self) -> None:
        """What is still in the pipes, without waiting; bounded, since the writer may be alive."""
        while self.ended is None and _readable(self.cell.channel.fileno()) and self._receive():
            pass
        for descriptor in self.output:
            while self.output_bytes <= self.limits.output_bytes and _readable(descriptor):
                if not self._read_output(descriptor):
                    break

    def _outcome(self, used: Used, wall_ms: float) -> CellOutcome | None:
        """Puts the measurements beside the frames; a limit that was hit is the reason, whatever the cell says."""
        ended = self.ended or Ended.EXITED
        told = self.told
        if ended is not Ended.FINISHED:
            last = self.meter.used()
            used = Used(
                max(used.cpu_ns, last.cpu_ns),
                last.peak_bytes,
                used.memory_exceeded or last.memory_exceeded,
                last.machine_out_of_memory,
            )
        code, number = _decode(told)
        if ended is Ended.EXITED and not used.memory_exceeded:
            if not self.frames and (told is None or number == signal.SIGKILL):
                return None  # the first frame is sent before the file is loaded, and reading it kills nobody
            self._blame(told, number, used)
        if ended is Ended.EXITED and number is not None:
            ended = Ended.CPU_LIMIT if number == signal.SIGXCPU else Ended.KILLED
        cpu_ns = used.cpu_ns
        if told and self.cell.group is None:
            cpu_ns = max(cpu_ns, told.cpu_ns - self.meter.base_cpu_ns)
        if used.memory_exceeded:
            ended = Ended.MEMORY_LIMIT
        elif ended in (Ended.FINISHED, Ended.EXITED, Ended.KILLED) and cpu_ns > self.limits.cpu_seconds * 1e9:
            ended = Ended.CPU_LIMIT
        return CellOutcome(
            frames=tuple((kind, index, payload) for (kind, index), payload in self.frames.items()),
            ended=ended,
            exit_code=code,
            signal=number,
            stdout=bytes(self.output[self.cell.stdout]),
            stderr=bytes(self.output[self.cell.stderr]),
            wall_ms=wall_ms,
            cpu_ms=cpu_ns / 1e6,
            peak_memory_bytes=used.peak_bytes,
            line=self.line,
        )

    @staticmethod
    def _blame(told: Exit | None, number: int | None, used: Used) -> None:
        """Raises ``CellFault`` for a death that the candidate cannot have brought about.

        Process 1 cannot be ended from inside: the kernel drops what the candidate sends it. And the zygote tells how
        the candidate's process ended. So both are gone without a word only by a hand from outside, whoever's: the
        zygote's end, the machine's lack of memory.
        """
        if used.machine_out_of_memory and (told is None or number == signal.SIGKILL):
            raise CellFault("The machine ran out of memory and ended a cell that had not used up its own.")
        if told is None:
            raise CellFault("A cell was ended from outside; the zygote may have died.")


def _readable(descriptor: int) -> bool:
    """Whether a read would not wait; by poll, since select knows no descriptor above 1023."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _decode(told: Exit | None) -> tuple[int | None, int | None]:
    """Exit code and signal of a wait status."""
    if told is None:
        return None, None
    with suppress(ValueError):
        if os.WIFEXITED(told.status):
            return os.WEXITSTATUS(told.status), None
        if os.WIFSIGNALED(told.status):
            return None, os.WTERMSIG(told.status)
    return None, None
