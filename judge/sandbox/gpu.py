"""The memory of the GPU that cells use, as the driver counts it: it must be back before the next candidate comes."""

from __future__ import annotations

import subprocess
import time

from judge.sandbox.box import CellFault

_MIB = 1024 * 1024
_SLACK_BYTES = 64 * _MIB
"""What the driver may keep for itself after a first use; an honest context alone takes several times as much."""
_SECONDS_TO_FREE = 10.0
_QUERY = ("nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0")


class Gpu:
    """The first GPU; ``await_baseline`` is called while no cell has a context on it."""

    def __init__(self) -> None:
        self._baseline_bytes = used_bytes()
        self.quarantined: str | None = None

    def await_baseline(self) -> None:
        """Returns when the memory is as free as before the first candidate; raises ``CellFault`` ever after if not."""
        deadline = time.monotonic() + _SECONDS_TO_FREE
        while self.quarantined is None and (used := used_bytes()) > self._baseline_bytes + _SLACK_BYTES:
            if time.monotonic() > deadline:
                held = (used - self._baseline_bytes) // _MIB
                self.quarantined = f"The GPU is quarantined: {held} MiB of its memory did not come back."
            time.sleep(0.1)
        if self.quarantined is not None:
            raise CellFault(self.quarantined)


def used_bytes() -> int:
    """Memory in use on the first GPU; raises ``CellFault`` where there is none."""
    try:
        answer = subprocess.run(_QUERY, capture_output=True, text=True, check=True, timeout=30).stdout  # noqa: S603
        return int(answer.split()[0]) * _MIB
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        raise CellFault(f"No GPU can be asked for its memory: {error}. Is nvidia-smi installed?") from error
