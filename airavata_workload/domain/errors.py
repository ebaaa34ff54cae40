"""The one error tree of the engine.

Adapters translate foreign exceptions into it at their edge, so that the engine
decides by class alone whether to try again, whom to tell and how to exit::

    WorkloadError
    ├── InputError                    wrong use; the caller can mend it          exit 2
    │   ├── DocumentError             a file says something it may not say
    │   │   ├── SettingsError
    │   │   ├── ExperimentFileError
    │   │   ├── ClusterFileError
    │   │   └── DagError
    │   ├── ParameterError            a task's parameters do not fit its plugin
    │   ├── StagingInputError         a declared file is missing, empty or unreadable
    │   └── PluginError               a plugin cannot be had
    │       ├── PluginLoadError
    │       └── DuplicatePluginError
    ├── NotFoundError                 the named thing does not exist             exit 4
    ├── DeniedError                   we may not                                 exit 5
    │   ├── AuthenticationError       the far side refused the login
    │   └── HostKeyError              the far side is not who we know
    ├── ConflictError                 the thing is not in a state that allows it exit 2
    ├── UnavailableError              transient: nothing is wrong with the task  exit 3
    │   ├── HostUnreachableError
    │   ├── CommandTimeoutError
    │   └── StoreUnavailableError
    ├── RemoteError                   the far side did it, and it went wrong     exit 1
    │   ├── CommandFailedError
    │   ├── TransferError             transient: try the transfer again
    │   ├── DiskFullError
    │   └── QuotaExceededError
    ├── JobError                      the batch system or the job said no        exit 1
    │   ├── SubmissionRejectedError
    │   └── SubmissionUncertainError  transient: look the job up before anything else
    └── TaskCancelled                 a running task noticed that it is not wanted

What *transient* means here: the same call, made later and unchanged, may
succeed. It says nothing about whether the call had an effect; whoever repeats
a call with effects looks for the effect first.
"""

from __future__ import annotations

from pathlib import Path

from airavata_workload.domain.thing import ThingKind


class WorkloadError(Exception):
    """Root of the tree.

    ``user_message`` is for the person who submitted the experiment, the
    exception's own text for the operator, ``remedy`` says what to do next.
    """

    transient: bool = False
    exit_code: int = 1

    def __init__(self, message: str, *, user_message: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.user_message = user_message or message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}" if self.remedy else self.message


class InputError(WorkloadError):
    """What the caller gave is wrong."""

    exit_code = 2


class DocumentError(InputError):
    """A file holds something that it may not hold.

    ``path`` names the file, ``line`` (from 1) and ``key`` the place in it, and
    ``suggestion`` the nearest right word.
    """

    def __init__(
        self,
        message: str,
        *,
        path: Path | str | None = None,
        line: int | None = None,
        key: str | None = None,
        suggestion: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.path = path
        self.line = line
        self.key = key
        self.suggestion = suggestion
        place = ":".join(str(part) for part in (path, line) if part is not None)
        text = f"{place}: {message}" if place else message
        if suggestion:
            text = f"{text} Did you mean '{suggestion}'?"
        super().__init__(text, remedy=remedy)


class SettingsError(DocumentError):
    """The settings file or an environment variable is wrong."""


class ExperimentFileError(DocumentError):
    """An experiment file is wrong."""


class ClusterFileError(DocumentError):
    """A cluster file is wrong."""


class DagError(DocumentError):
    """An abstract DAG is wrong: cycle, unknown kind, unknown reference, missing parameter."""


class ParameterError(InputError):
    """The parameters of a task do not fit the model that its plugin declares."""


class StagingInputError(InputError):
    """A file that an experiment names is missing, unreadable or empty where it must not be."""


class PluginError(InputError):
    """A plugin cannot be had."""


class PluginLoadError(PluginError):
    """A plugin is registered and cannot be imported; the message names its distribution."""


class DuplicatePluginError(PluginError):
    """Two distributions register the same name; the message names both."""


class NotFoundError(WorkloadError):
    """The named thing does not exist.

    ``missing`` says what it is, where clients are told by another error for each kind.
    """

    exit_code = 4

    def __init__(
        self,
        message: str,
        *,
        missing: ThingKind | None = None,
        user_message: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message, user_message=user_message, remedy=remedy)
        self.missing = missing


class DeniedError(WorkloadError):
    """The caller, or this installation, may not do that."""

    exit_code = 5


class AuthenticationError(DeniedError):
    """The far side refused the login, or the key cannot be read."""


class HostKeyError(DeniedError):
    """The host key is unknown or has changed; ``remedy`` holds the command that would accept it."""


class ConflictError(WorkloadError):
    """The thing is in a state that does not allow what was asked."""

    exit_code = 2


class UnavailableError(WorkloadError):
    """Something that we need does not answer now. Nothing is wrong with the task."""

    transient = True
    exit_code = 3


class HostUnreachableError(UnavailableError):
    """A compute or storage resource does not answer."""


class CommandTimeoutError(UnavailableError):
    """A remote command did not end in its time; its effect is unknown."""


class StoreUnavailableError(UnavailableError):
    """A backing store does not answer or is locked."""


class RemoteError(WorkloadError):
    """The far side carried the request out, and it went wrong there."""


class CommandFailedError(RemoteError):
    """A remote command ended with an exit code other than 0.

    ``exit_code_remote`` is that code and ``stderr`` the end of its standard error.
    """

    def __init__(self, message: str, *, exit_code_remote: int, stderr: str = "", remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.exit_code_remote = exit_code_remote
        self.stderr = stderr


class TransferError(RemoteError):
    """A transfer broke off, or what arrived is not what was sent."""

    transient = True


class DiskFullError(RemoteError):
    """No space is left where a file should go (ENOSPC)."""


class QuotaExceededError(RemoteError):
    """The user's quota does not allow the file (EDQUOT)."""


class JobError(WorkloadError):
    """The batch system or the job itself said no."""


class SubmissionRejectedError(JobError):
    """The batch system refused the job: no job exists."""


class SubmissionUncertainError(JobError):
    """Whether the batch system took the job is not known yet: look it up by its name."""

    transient = True


class TaskCancelled(WorkloadError):
    """Raised inside a plugin by ``TaskRun.check_cancelled`` when its task is no longer wanted."""
