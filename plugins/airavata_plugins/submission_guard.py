"""Submits a job exactly once, whoever tries, however often, and whatever breaks in between.

The records on the cluster say how far a job name's submission has come; this
module decides what follows from them::

    latest try                      answer of the batch system     what follows
    --------------------------------------------------------------------------------------
    none                                                           try
    ended                           job id                         that is the job
    ended, begun by this call       refused, or does not take it   say so
    ended, begun earlier            refused, or does not take it   try again
    ended                           not clear                      look the job up
    gone, elsewhere                 job id (in what it printed)    that is the job
    gone, elsewhere                 none                           look the job up
    alive                                                          wait
    adopted                                                        that is the job
    cancelled                                                      nothing, or a later attempt tries
    --------------------------------------------------------------------------------------
    look-up: found                                                 note it; that is the job
    look-up: none, and long enough after the try                   try again
    look-up: none, too early; or the look-up failed                wait

*Try again* names the try that it supersedes; a script acts only if that one
still is the latest, and only one script can begin the next. *Wait* is
``SubmissionUncertainError``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from airavata_plugins.submission_records import (
    KILL_AFTER_S,
    SubmissionRecords,
    SubmissionRequest,
    SubmissionTry,
    TryState,
    parse_try,
)
from airavata_workload.domain.errors import (
    SubmissionRejectedError,
    SubmissionUncertainError,
    TaskCancelled,
    UnavailableError,
)
from airavata_workload.ports.batch_system import BatchSystem
from airavata_workload.ports.remote_shell import CommandResult, RemoteShell

SUBMISSION_LIMIT_S = 60
"""How long the batch system's submit command may take before it is ended."""
_WAIT_S = 5.0
"""How long a script waits for somebody else's try."""
_ELSEWHERE_MARGIN_S = 60
"""Added to all limits before a try on another machine, which cannot be looked at, counts as over."""
_MOST_ROUNDS = 4
_ROUND_TRIP_S = 60.0


class NotAcceptedError(Exception):
    """The batch system surely has no job of this try; ``cause`` says why. Never leaves this module's callers."""

    def __init__(self, cause: SubmissionRejectedError | UnavailableError) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionGuard:
    """The submission of one job name in one working directory."""

    shell: RemoteShell
    batch_system: BatchSystem
    directory: str
    job_name: str
    limit_s: int = SUBMISSION_LIMIT_S
    wait_s: float = _WAIT_S
    check: Callable[[], None] = lambda: None
    """Called between round trips; may raise ``TaskCancelled``."""

    def submit(self, script_text: str, attempt: int) -> str:
        """The id of the job: of a new one, or of the one that was submitted before.

        Raises ``NotAcceptedError``, ``SubmissionUncertainError``,
        ``TaskCancelled`` if this attempt was forbidden to submit,
        ``CommandFailedError`` if the directory cannot be written, and what a
        shell raises; in that last case the job may have been submitted.
        """
        script_name = f"{self.job_name}{self.batch_system.script_suffix}"
        request = SubmissionRequest(
            script_name=script_name,
            script_text=script_text,
            submit_script=self.batch_system.submit_script(self.job_name, f"{self.directory}/{script_name}"),
            limit_s=self.limit_s if self.batch_system.submission_settle_s > 0 else 0,
        )

        def ask(superseding: int) -> str:
            return self._records.submit(request, superseding=superseding, wait_s=self.wait_s, token=_token())

        superseding = 0
        for _ in range(_MOST_ROUNDS):
            latest = self._ask(ask(superseding))
            if latest.state is TryState.CANCELLED:
                if attempt <= int(latest.value):
                    raise TaskCancelled(f"Job {self.job_name} was cancelled before attempt {attempt} submitted it.")
            else:
                try:
                    job_id = self._job_id(latest)
                except NotAcceptedError:
                    if latest.ours:
                        raise
                    job_id = None
                if job_id is not None:
                    return job_id
            superseding = latest.number
            self.check()
        raise SubmissionUncertainError(f"Others keep submitting job {self.job_name} in {self.directory}.")

    def forbid(self, attempt: int) -> str | None:
        """Make sure that no attempt up to this one submits the job; the job's id if one has.

        Raises ``SubmissionUncertainError`` as long as that cannot be said.
        """
        superseding = 0
        for _ in range(_MOST_ROUNDS):
            script = self._records.forbid(attempt=attempt, superseding=superseding, wait_s=self.wait_s, token=_token())
            latest = self._ask(script)
            if latest.state is TryState.CANCELLED and attempt <= int(latest.value):
                return None
            if latest.state is not TryState.CANCELLED:
                try:
                    job_id = self._job_id(latest)
                except NotAcceptedError:
                    job_id = None
                if job_id is not None:
                    return job_id
            superseding = latest.number
        raise SubmissionUncertainError(f"Others keep submitting job {self.job_name} in {self.directory}.")

    @property
    def _records(self) -> SubmissionRecords:
        return SubmissionRecords(directory=self.directory, job_name=self.job_name)

    def _ask(self, script: str) -> SubmissionTry:
        # Never cut short by a cancellation: that would leave open whether there is a job.
        result = self.shell.run(script, timeout_s=self.limit_s + KILL_AFTER_S + self.wait_s + _ROUND_TRIP_S)
        return parse_try(result, self.directory)

    def _job_id(self, latest: SubmissionTry) -> str | None:
        """The id of the job of the latest try; ``None`` if there surely is none and one may try again.

        Raises ``NotAcceptedError`` when the batch system said no, and ``SubmissionUncertainError``.
        """
        if latest.state is TryState.ADOPTED:
            return latest.value
        if latest.state is TryState.ALIVE:
            raise SubmissionUncertainError(f"Another attempt is submitting job {self.job_name} just now.")
        try:
            return self.batch_system.parse_job_id(latest.answer)
        except SubmissionUncertainError as error:
            doubt = str(error)
        except (SubmissionRejectedError, UnavailableError) as error:
            if latest.state is TryState.ENDED:
                raise NotAcceptedError(error) from error
            doubt = f"an earlier submission broke off ({latest.state})"
        return self._look_up(latest, doubt)

    def _look_up(self, latest: SubmissionTry, doubt: str) -> str | None:
        script = self._records.inside(self.batch_system.find_script(self.job_name))
        job_id = self.batch_system.parse_found(self.job_name, self.shell.run(script))
        if job_id is not None:
            result: CommandResult = self.shell.run(self._records.adopt(job_id))
            result.require_success(f"Noting the id of job {self.job_name}")
            return job_id
        settle_s = self.batch_system.submission_settle_s
        if latest.state is TryState.ELSEWHERE and settle_s > 0:
            settle_s += self.limit_s + KILL_AFTER_S + _ELSEWHERE_MARGIN_S
        if latest.age_s < settle_s:
            raise SubmissionUncertainError(
                f"Job {self.job_name} is not known to the batch system, but may still appear there for "
                f"{settle_s - latest.age_s:.0f} s: {doubt}"
            )
        return None


def _token() -> str:
    return secrets.token_hex(6)
