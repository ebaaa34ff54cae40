"""A job is submitted exactly once, whatever the batch system answers and however many submit it at once.

The real Slurm is in ``tests/integration/test_slurm_submission.py``; what is
killed, stopped and cut off in ``test_job_submission_kill_points.py``.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from faults.submission_site import NAME, SCRIPT, Site

from airavata_plugins.submission_guard import NotAcceptedError
from airavata_workload.domain.errors import (
    SubmissionRejectedError,
    SubmissionUncertainError,
    TaskCancelled,
    UnavailableError,
)
from airavata_workload.ports.remote_shell import CommandResult
from airavata_workload.testing.subprocess_shell import SubprocessShell


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


# -- what the batch system answers ---------------------------------------------------------


def test_a_job_is_submitted_and_its_script_is_there(site: Site) -> None:
    assert site.submit() == "1"
    assert (site.work / f"{NAME}.slurm").read_text() == SCRIPT
    assert sorted(path.name for path in site.work.iterdir()) == [f".{NAME}.submit", f"{NAME}.slurm"]


def test_submitting_again_gives_the_same_job(site: Site) -> None:
    assert [site.submit(attempt) for attempt in (1, 2, 3)] == ["1", "1", "1"]
    assert site.jobs() == ["1"]


def test_a_greeting_is_not_taken_for_an_id(site: Site) -> None:
    site.set("greeting")
    assert site.submit() == "1"


def test_a_refusal_is_told_and_a_later_attempt_tries_anew(site: Site) -> None:
    site.set("refuse")
    with pytest.raises(NotAcceptedError) as caught:
        site.submit()
    assert isinstance(caught.value.cause, SubmissionRejectedError)
    site.set("well")
    assert site.submit(2) == "1"
    assert site.submit(3) == "1"


def test_a_server_that_is_down_gets_the_job_later(site: Site) -> None:
    site.set("down")
    for _ in range(3):
        with pytest.raises(NotAcceptedError) as caught:
            site.submit()
        assert isinstance(caught.value.cause, UnavailableError)
    site.set("well")
    assert site.submit() == "1"


@pytest.mark.parametrize("mode", ["garbage", "lose", "die-after"])
def test_a_job_whose_id_was_lost_is_looked_up(site: Site, mode: str) -> None:
    site.set(mode)
    assert site.submit() == "1"
    site.set("well")
    assert site.submit(2) == "1"
    assert site.jobs() == ["1"]


@pytest.mark.parametrize("mode", ["unheard", "die-before"])
def test_a_job_that_was_not_taken_is_submitted_again_when_that_is_sure(site: Site, mode: str) -> None:
    site.set(mode)
    with pytest.raises(SubmissionUncertainError, match="may still appear"):
        site.submit()
    site.set("well")
    with pytest.raises(SubmissionUncertainError):
        site.submit()
    site.time_passes()
    assert site.submit() == "1"
    assert site.jobs() == ["1"]


def test_a_job_that_is_taken_after_the_answer_is_adopted(site: Site) -> None:
    """As the real Slurm does: see ``sbatch-socket-timeout`` in ``tests/recorded``."""
    site.set("late")
    with pytest.raises(SubmissionUncertainError):
        site.submit()
    site.set("well")
    site.go_on()
    wait_until(site.jobs)
    site.time_passes()
    assert site.submit() == "1"
    assert site.jobs() == ["1"]


def test_nothing_is_submitted_while_the_queue_cannot_be_asked(site: Site) -> None:
    site.set("lose")
    site.queue_is_down(True)
    for _ in range(3):
        with pytest.raises(SubmissionUncertainError, match="squeue cannot say"):
            site.submit()
        site.time_passes()
    site.queue_is_down(False)
    assert site.submit() == "1"
    assert site.jobs() == ["1"]


@pytest.mark.parametrize("mode", ["hang-before", "hang-after"])
def test_a_submission_that_hangs_is_ended(site: Site, mode: str) -> None:
    site.set(mode)
    with contextlib.suppress(SubmissionUncertainError):
        site.submit(limit_s=1)
    site.set("well")
    assert site.submit_until_sure() == "1"
    assert site.jobs() == ["1"]


# -- several at once --------------------------------------------------------------------------


def test_eight_at_once_submit_one_job(site: Site) -> None:
    barrier = threading.Barrier(8)

    def submit(attempt: int) -> str:
        barrier.wait(30)
        for _ in range(100):
            with contextlib.suppress(SubmissionUncertainError):
                return site.submit(attempt)
        raise AssertionError("it never became sure")

    for mode in ("well", "lose"):
        site.set(mode)
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(submit, range(1, 9))) == {"1"}
    assert site.jobs() == ["1"]


def test_eight_at_once_take_over_from_one_who_died_and_submit_one_job(site: Site) -> None:
    site.set("die-before")
    with pytest.raises(SubmissionUncertainError):
        site.submit()
    site.set("well")
    site.time_passes()
    barrier = threading.Barrier(8)

    def submit(attempt: int) -> str:
        barrier.wait(30)
        return site.submit(attempt, wait_s=20)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(submit, range(1, 9))) == {"1"}
    assert site.jobs() == ["1"]


def test_while_one_submits_the_others_wait(site: Site) -> None:
    site.set("slow")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(site.submit)
        wait_until(site.begun)
        with pytest.raises(SubmissionUncertainError, match="just now"):
            site.submit(2)
        site.time_passes()  # however long it takes
        with pytest.raises(SubmissionUncertainError, match="just now"):
            site.submit(2)
        site.go_on()
        assert first.result(30) == "1"
    assert site.submit(2) == "1"
    assert site.jobs() == ["1"]


def test_a_try_on_another_machine_is_left_alone_for_as_long_as_it_may_take(site: Site) -> None:
    site.set("hang-before")
    with pytest.raises(SubmissionUncertainError):
        site.submit(limit_s=1)
    site.on_another_machine()
    site.set("well")
    with pytest.raises(SubmissionUncertainError):
        site.submit()
    assert site.jobs() == []
    site.time_passes()
    assert site.submit() == "1"


def test_a_late_starter_of_an_old_attempt_submits_nothing(site: Site) -> None:
    """A worker was taken for dead before it had sent its script; it wakes up after all is over."""
    site.set("refuse")
    with pytest.raises(NotAcceptedError):
        site.submit()
    site.set("well")
    scripts: list[str] = []

    class Frozen(SubprocessShell):
        def run(self, script: str, **values: object) -> CommandResult:
            scripts.append(script)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        replace(site.guard(), shell=Frozen()).submit(SCRIPT, 2)
    assert site.submit(3) == "1"
    for script in scripts:
        SubprocessShell().run(script)
    assert site.jobs() == ["1"]


# -- cancelling ---------------------------------------------------------------------------------


def test_cancelling_before_the_submission_prevents_it(site: Site) -> None:
    assert site.guard().forbid(2) is None
    for attempt in (1, 2):
        with pytest.raises(TaskCancelled):
            site.submit(attempt)
    assert site.jobs() == []
    assert site.submit(3) == "1", "a later attempt was not cancelled"


def test_cancelling_after_the_submission_names_the_job(site: Site) -> None:
    for mode in ("well", "lose"):
        site.set(mode)
        site.submit()
        assert site.guard().forbid(1) == "1"


def test_cancelling_after_a_refusal_forbids_another_try(site: Site) -> None:
    site.set("refuse")
    with pytest.raises(NotAcceptedError):
        site.submit()
    site.set("well")
    assert site.guard().forbid(1) is None
    with pytest.raises(TaskCancelled):
        site.submit(1)
    assert site.jobs() == []


def test_cancelling_during_the_submission_waits_for_it(site: Site) -> None:
    site.set("slow")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(site.submit)
        wait_until(site.begun)
        with pytest.raises(SubmissionUncertainError):
            site.guard().forbid(1)
        site.go_on()
        assert first.result(30) == "1"
    assert site.guard().forbid(1) == "1"


def test_cancelling_and_submitting_at_once_agree(site: Site) -> None:
    def submit() -> str | None:
        try:
            return site.submit(wait_s=20)
        except TaskCancelled:
            return None

    for _ in range(10):
        shutil.rmtree(site.work, ignore_errors=True)
        before = len(site.jobs())
        with ThreadPoolExecutor(2) as pool:
            submitted, cancelled = pool.submit(submit), pool.submit(lambda: site.guard(wait_s=20).forbid(1))
            assert submitted.result(60) == cancelled.result(60)
        assert len(site.jobs()) == before + (submitted.result() is not None)
        site.forget()


def wait_until(condition: Callable[[], object], limit_s: float = 30.0) -> None:
    end_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end_s, "it did not happen"
        time.sleep(0.01)
