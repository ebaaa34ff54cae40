"""Who needs the servers of one folder, in whatever process: so that the last one stops them, and no other."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 900.0
"""For a turn: all servers may have to be started before it, on a machine that does much else."""
_PAUSE_S = 0.05


@dataclass(frozen=True)
class Keeper:
    """One of those who keep servers running: it holds a shared lock on a file, which the kernel drops if it is killed.

    The file names what keepers have started and nobody has stopped yet.
    """

    file: Path
    descriptor: int

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Nobody else starts or stops servers, or leaves, within the block."""
        with _opened(self.file.with_suffix(".turn")) as descriptor:
            deadline_s = time.monotonic() + PATIENCE_S
            while not _locked(descriptor, fcntl.LOCK_EX):
                assert time.monotonic() < deadline_s, f"another process holds {self.file} for {PATIENCE_S:g} s"
                time.sleep(_PAUSE_S)
            yield

    def note_started(self, names: Iterable[str]) -> None:
        """The last keeper is to stop these too."""
        self.file.write_text("\n".join(sorted({*self._started(), *names})))

    def left_by_the_last(self) -> set[str]:
        """Stop being a keeper; what is now to be stopped, which is nothing while there are others."""
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        if not _locked(self.descriptor, fcntl.LOCK_EX):
            return set()
        started = self._started()
        self.file.write_text("")
        return started

    def _started(self) -> set[str]:
        return set(self.file.read_text().split())


@contextmanager
def keeping(folder: Path) -> Iterator[Keeper]:
    """A new keeper of the servers of a folder, until it leaves or the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "keepers"
    with _opened(file) as descriptor:
        keeper = Keeper(file, descriptor)
        with keeper.turn():  # whoever leaves looks whether it is alone within a turn
            assert _locked(descriptor, fcntl.LOCK_SH)
        yield keeper


def _locked(descriptor: int, kind: int) -> bool:
    """Whether this lock could be had at once."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
