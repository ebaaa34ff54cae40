"""What Ctrl-C does while something is followed: the first asks to stop, the second ends the process at once."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Any, Self

from airavata_workload.cli.exit_codes import ExitCode

_SHOW_CURSOR = b"\x1b[?25h\n"
"""Source: ECMA-48 and DEC private mode 25 (DECTCEM); a live display hides the cursor."""


class Interrupts:
    """Notes signals while it is entered; ``requested`` tells of the first one."""

    def __init__(self, *signals: signal.Signals) -> None:
        self._signals = signals or (signal.SIGINT,)
        self._before: dict[signal.Signals, Any] = {}
        self.requested = False

    def __enter__(self) -> Self:
        for each in self._signals:
            self._before[each] = signal.signal(each, self._note)
        return self

    def __exit__(self, *_exception: object) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if not self.requested:
            self.requested = True
            return
        # Straight out: whatever is stuck may hold the locks that an orderly end would need.
        if sys.stdout.isatty():
            os.write(sys.stdout.fileno(), _SHOW_CURSOR)
        os._exit(ExitCode.INTERRUPTED if number == signal.SIGINT else 128 + number)
