"""What an outcome means for its task. Pure."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.domain.clock import microseconds
from airavata_workload.domain.message import OutcomeMessage, Verdict
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import Task
from airavata_workload.domain.transition import Transition

NEEDS_TASK = frozenset({Verdict.RETRYABLE, Verdict.DEFERRED, Verdict.HANDED_BACK, Verdict.FAILED, Verdict.CANCELED})
"""Verdicts that cannot be applied without looking at the task and its experiment first."""


def transition_after_trouble(outcome: OutcomeMessage, task: Task, *, cancelling: bool) -> Transition:
    """The transition for a verdict that does not stand by itself (``transition_of``).

    While the experiment is being cancelled nothing is tried again: whatever
    ended without success is CANCELED. But what was announced by it, or by an
    earlier attempt, may have happened: then it goes back, so that it is looked
    into and undone before it ends (``stopping``). Otherwise a deferral or a hand-back
    goes back to CREATED and is not counted; a retryable error is counted and
    goes back as long as the retry policy allows. A delay begins with the
    outcome, by the clock of whoever reported it: see ``Task.delay_us``.
    """
    back = Transition(
        task_id=outcome.task_id,
        experiment_id=outcome.experiment_id,
        attempt=outcome.attempt,
        expected=TaskState.EXECUTING,
        target=TaskState.CREATED,
        next_attempt=outcome.attempt + 1,
        at_us=outcome.at_us,
        by=outcome.by,
        reason=outcome.reason,
    )
    if cancelling and task.intent is not None and not task.parked:
        return back
    if cancelling:
        return _end(back, task, TaskState.CANCELED, outcome.reason or "cancelled", "")
    if outcome.verdict is Verdict.CANCELED:
        # Nobody asked for that; as a cancelled task it would let its experiment complete without it.
        reason = f"it stopped as if it had been cancelled, and it had not: {outcome.reason}"
        return _end(back, task, TaskState.FAILED, reason, outcome.user_message or reason)
    if outcome.verdict is Verdict.FAILED:
        return _end(back, task, TaskState.FAILED, outcome.reason, outcome.user_message or outcome.reason)
    if outcome.verdict in (Verdict.DEFERRED, Verdict.HANDED_BACK):
        return replace(
            back,
            not_before_us=outcome.at_us + microseconds(outcome.delay_s) if outcome.delay_s else 0,
            waiting_for=outcome.reason,
        )
    failures = task.failures + 1
    if not task.retry.allows_another(failures):
        reason = f"{outcome.reason} (attempt {failures} of {task.retry.attempts})"
        return replace(
            _end(back, task, TaskState.FAILED, reason, outcome.user_message or outcome.reason), failures=failures
        )
    delay_s = task.retry.delay_s(failures)
    return replace(
        back,
        failures=failures,
        not_before_us=outcome.at_us + microseconds(delay_s),
        waiting_for=f"attempt {failures + 1} of {task.retry.attempts} in {delay_s:.1f} s: {outcome.reason}",
        reason=f"{outcome.reason} (attempt {failures} of {task.retry.attempts}, next in {delay_s:.1f} s)",
    )


def _end(back: Transition, task: Task, state: TaskState, reason: str, user_message: str) -> Transition:
    # A job stays with the task that it has failed: whoever tries the experiment again must know that it is dead.
    job = task.job if task.parked else None
    return replace(back, target=state, next_attempt=None, job=job, reason=reason, user_message=user_message)


def handed_out_anew(task: Task, by: str, now_us: int) -> Transition:
    """The transition for a task whose worker is gone: the next attempt fences the lost one off."""
    return Transition(
        task_id=task.task_id,
        experiment_id=task.experiment_id,
        attempt=task.attempt,
        expected=TaskState.EXECUTING,
        target=TaskState.CREATED,
        next_attempt=task.attempt + 1,
        at_us=now_us,
        by=by,
        reason=f"its worker {task.owner} is gone; handed out anew",
    )


def not_run(task: Task, by: str, now_us: int, reason: str) -> Transition:
    """The transition for a task that will never run: cancelled, or not needed."""
    return Transition(
        task_id=task.task_id,
        experiment_id=task.experiment_id,
        attempt=task.attempt,
        expected=TaskState.CREATED,
        target=TaskState.CANCELED,
        at_us=now_us,
        by=by,
        reason=reason,
    )
