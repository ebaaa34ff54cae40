"""What went wrong with a file, here or there, as an error of ours."""

from __future__ import annotations

import errno
from pathlib import Path

from airavata_workload.domain.errors import (
    CommandFailedError,
    DiskFullError,
    InputError,
    QuotaExceededError,
    StagingInputError,
    TransferError,
    WorkloadError,
)

# Source: the C library's messages for ENOSPC and EDQUOT in the locale C, which every script here sets.
_NO_SPACE = "No space left on device"
_OVER_QUOTA = "Disk quota exceeded"


def source_failure(error: OSError, path: Path) -> WorkloadError:
    """A local file that should be sent cannot be read."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        reason = "it does not exist"
    elif isinstance(error, IsADirectoryError):
        reason = "it is a directory"
    else:
        reason = error.strerror or str(error)
    return StagingInputError(f"The file {str(path)!r} cannot be staged: {reason}.")


def target_failure(error: OSError, path: Path) -> WorkloadError:
    """A local file that should arrive cannot be written."""
    if error.errno == errno.ENOSPC:
        return _disk_full(str(path), "this machine")
    if error.errno == errno.EDQUOT:
        return _over_quota(str(path), "this machine")
    return InputError(
        f"The file {str(path)!r} cannot be written: {error.strerror or error}.",
        remedy="Choose another output directory, or make it writable.",
    )


def remote_failure(stderr: str, exit_code: int, name: str, where: str) -> WorkloadError:
    """A command for the file(s) called ``name`` failed on the far side, and this is what it said."""
    if _NO_SPACE in stderr:
        return _disk_full(name, where)
    if _OVER_QUOTA in stderr:
        return _over_quota(name, where)
    said = stderr.strip()[-1000:] or f"exit code {exit_code}"
    return CommandFailedError(
        f"Transferring {name} failed at {where}: {said}", exit_code_remote=exit_code, stderr=stderr.strip()[-2000:]
    )


def remote_source_missing(path: str, reason: str, where: str) -> WorkloadError:
    """A file on the far side that should be fetched cannot be read."""
    return CommandFailedError(f"The file {path!r} cannot be fetched from {where}: {reason}.", exit_code_remote=1)


def differs(name: str, where: str, expected: object, found: object) -> TransferError:
    """What arrived is not what was sent."""
    return TransferError(
        f"The transfer of {name!r} ({where}) is broken: expected {expected}, found {found}.",
        remedy="It may be tried again; if it repeats, see whether the file is changing and check the disks.",
    )


def is_out_of_space(error: BaseException) -> bool:
    """Whether a partial file should go, since it holds space that somebody needs."""
    return isinstance(error, DiskFullError | QuotaExceededError)


def _disk_full(name: str, where: str) -> WorkloadError:
    return DiskFullError(
        f"No space is left for {name!r} on {where}.",
        user_message="The disk is full.",
        remedy="Free some space there, or choose another directory.",
    )


def _over_quota(name: str, where: str) -> WorkloadError:
    return QuotaExceededError(
        f"The quota on {where} does not allow {name!r}.",
        user_message="The disk quota of the account is used up.",
        remedy="Remove files there, or ask its administrator for a larger quota.",
    )
