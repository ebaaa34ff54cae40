"""When silence is death, with a transport that is made here; a real one is in tests/integration."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import cast

import paramiko
import pytest

from airavata_adapters.remote_shells import pulse as pulse_module
from airavata_adapters.remote_shells.pulse import HeardSocket, Pulse


class FakeTransport:
    """Reads what comes, as paramiko's does; ``answer`` is what happens when it is asked."""

    def __init__(self, heard: HeardSocket, answer: Callable[[], object]) -> None:
        self.closed = threading.Event()
        self.questions: list[tuple[str, bool]] = []
        self._heard = heard
        self._answer = answer
        heard.settimeout(0.05)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def is_active(self) -> bool:
        return not self.closed.is_set()

    def close(self) -> None:
        self.closed.set()

    def global_request(self, kind: str, wait: bool) -> None:
        if self.closed.is_set():
            return  # the real one sends nothing more
        self.questions.append((kind, wait))
        self._answer()
        self.closed.wait(10)  # as the real one: no time-out of its own

    def _read(self) -> None:
        while not self.closed.is_set():
            try:
                if not self._heard.recv(100):
                    return
            except TimeoutError:
                continue


class Line:
    """A pulse, its transport, and the far end of the socket."""

    def __init__(self, answer: Callable[[Line], object], interval_s: float, limit_s: float) -> None:
        near, self.far = socket.socketpair()
        self.heard = HeardSocket.taking(near)
        self.transport = FakeTransport(self.heard, lambda: answer(self))
        self.pulse = Pulse(
            cast("paramiko.Transport", self.transport), self.heard, "far:22", interval_s=interval_s, limit_s=limit_s
        )

    def close(self) -> None:
        self.transport.close()
        self.transport.reader.join(10)
        self.pulse.stop()
        self.far.close()
        self.heard.close()


OpenLine = Callable[..., Line]


@pytest.fixture
def open_line() -> Iterator[OpenLine]:
    lines: list[Line] = []

    def open_one(answer: Callable[[Line], object], interval_s: float = 0.1, limit_s: float = 0.3) -> Line:
        lines.append(Line(answer, interval_s, limit_s))
        return lines[-1]

    yield open_one
    for line in lines:
        line.close()


def nothing(_: Line) -> None:
    """The far side is gone."""


def one_byte(line: Line) -> None:
    line.far.send(b"!")


def test_no_answer_closes_the_connection(open_line: OpenLine) -> None:
    line = open_line(nothing)
    line.pulse.start()
    assert line.transport.closed.wait(10)
    assert line.pulse.given_up_after_s is not None
    assert line.pulse.given_up_after_s >= 0.3
    assert line.transport.questions == [("keepalive@openssh.com", True)]  # one is enough: it is not lost


def test_any_byte_is_an_answer(open_line: OpenLine) -> None:
    line = open_line(one_byte)
    assert line.pulse.answers()
    assert line.transport.is_active()
    assert line.pulse.given_up_after_s is None


def test_who_talks_is_not_asked(open_line: OpenLine) -> None:
    line = open_line(nothing, interval_s=0.5, limit_s=0.5)
    line.pulse.start()
    for _ in range(30):
        line.far.send(b"!")
        assert not line.transport.closed.wait(0.04)
    assert line.transport.questions == []


def test_an_interval_of_0_never_asks(open_line: OpenLine) -> None:
    line = open_line(nothing, interval_s=0.0)
    line.pulse.start()
    assert not line.transport.closed.wait(0.5)
    assert line.transport.questions == []
    assert not line.pulse.answers()  # but who wants to know, is told


def test_a_question_that_cannot_be_sent_is_the_end(open_line: OpenLine) -> None:
    def fails(_: Line) -> None:
        raise EOFError

    line = open_line(fails, limit_s=10.0)
    began = time.monotonic()
    assert not line.pulse.answers()
    assert time.monotonic() - began < 5.0


def test_many_who_ask_at_once_send_one_question(open_line: OpenLine) -> None:
    line = open_line(nothing)
    askers = [threading.Thread(target=line.pulse.answers) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(10)
    assert len(line.transport.questions) == 1


def test_a_process_that_stood_still_does_not_blame_the_far_side(
    open_line: OpenLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = open_line(nothing, limit_s=0.4)
    jumps = iter([0.0, 0.0, 0.0, 3600.0])
    ahead = 0.0

    class Clock:
        """Jumps an hour ahead during the first look, as for a process that was stopped; then the answer is read."""

        @staticmethod
        def monotonic() -> float:
            nonlocal ahead
            jump = next(jumps, 0.0)
            if jump:
                ahead += jump
                line.far.send(b"!")
            return time.monotonic() + ahead

    monkeypatch.setattr(pulse_module, "time", Clock)
    assert line.pulse.answers()
    assert ahead == 3600.0
