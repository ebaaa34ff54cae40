"""Task kind ``archive``: keeps the whole working directory at the destination of the outputs."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from airavata_plugins.diagnosis import explain, failed, failed_by
from airavata_plugins.places import AbsolutePath
from airavata_plugins.tar_file import UnsafeTarError, unpack
from airavata_plugins.words import PREAMBLE, quoted
from airavata_workload.domain.errors import RemoteError, TransferError, WorkloadError
from airavata_workload.domain.outcome import Completed, Failed, Outcome
from airavata_workload.domain.states import ProcessState
from airavata_workload.ports.file_transfer import FilePair, Receipt
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin, TaskRun

DONE = "Successfully staged output data"
"""Source: Airavata 0.17: GFAC's archive task is a data staging task and reports as one."""

TAR_NAME = "archive.tar"
DIRECTORY_NAME = "ARCHIVE"
"""Source of both names: Airavata 0.17, GFAC ``ArchiveTask``."""

_NO_DIRECTORY, _EMPTY, _CHANGED, _TAR_FAILED = 91, 92, 93, 94

# A file of the user's may be called archive.tar, too. It is ours only if we have left the mark beside it; else it goes
# into the archive like everything, and ours takes a hidden name, which * does not match. Names go to tar through a
# pipe, since they may be more than an argument list holds. Source: GNU tar, exit codes: 1 is "some files differ",
# which for -c means that a file changed while it was read.
_PACK = f"""\
cd -- "$1" || exit {_NO_DIRECTORY}
if [ -e .{TAR_NAME}.ours ] || [ ! -e {TAR_NAME} ]; then
  name={TAR_NAME}
  : >.{TAR_NAME}.ours || exit {_TAR_FAILED}
else
  name=.{TAR_NAME}
fi
rm -f -- "$name"
set -- *
[ -e "$1" ] || [ -L "$1" ] || exit {_EMPTY}
printf '%s\\0' "$@" | tar --null --verbatim-files-from -T - -cf "$name"
code=$?
if [ $code -eq 0 ]; then printf %s "$name"; exit 0; fi
rm -f -- "$name" .{TAR_NAME}.ours
[ $code -eq 1 ] && exit {_CHANGED}
exit {_TAR_FAILED}
"""


class ArchiveParameters(Parameters):
    """What ``archive`` is told."""

    directory: AbsolutePath = Field(description="The working directory on the resource: an absolute path.")
    destination: AbsolutePath = Field(description="Directory on the engine's machine: an absolute path.")
    unpack: bool = Field(default=True, description=f"Unpack into {DIRECTORY_NAME}; otherwise keep {TAR_NAME}.")
    checksum: bool = Field(default=True, description="Whether both sides must agree on the SHA-256 of the archive.")
    timeout_s: float = Field(default=3600.0, gt=0, description="Limit for packing, in seconds.")


@dataclass(frozen=True, slots=True)
class _Packed:
    """The archive on the resource; ``name`` is '' when the directory had nothing to pack."""

    name: str


class Archive(TaskPlugin[ArchiveParameters]):
    """Packs all entries of the working directory that are not hidden, brings them over and unpacks them.

    They end in ``<destination>/ARCHIVE``, which takes the place of an earlier
    attempt's in one step once it is whole. Nothing in the archive can be
    unpacked outside of it: links that lead out, and devices, are left out.
    Outputs: ``archive`` (path), ``files`` (how many were unpacked), ``size_bytes``, ``sha256``
    of the tar file, ``left_out`` (names).
    """

    kind: ClassVar[str] = "archive"
    summary: ClassVar[str] = "Keeps the whole working directory, packed or unpacked, beside the outputs"
    parameters_model: ClassVar[type[Parameters]] = ArchiveParameters
    process_state: ClassVar[ProcessState] = ProcessState.OUTPUT_DATA_STAGING

    def execute(self, run: TaskRun[ArchiveParameters]) -> Outcome:
        """Do it. ``Failed`` names the directory and the cause."""
        run.check_cancelled()
        wanted = run.parameters
        packed = _pack(run)
        if isinstance(packed, Failed):
            return packed
        workshop = Path(wanted.destination) / f".{DIRECTORY_NAME}.{_plain(run.task_id)}"
        try:
            shutil.rmtree(workshop, ignore_errors=True)
            return self._bring(run, packed, workshop)
        except RemoteError as error:
            return failed_by(run, error, f"Archiving {wanted.directory}", run.resource)
        except UnsafeTarError as error:
            return Failed(f"The archive of {wanted.directory} cannot be unpacked: {error}")
        except OSError as error:
            what = f"Keeping the archive in {wanted.destination}"
            cause = explain(str(error), "the engine's machine") or str(error)
            return Failed(f"{what} failed: {error}", f"{what} failed: {cause}")
        finally:
            shutil.rmtree(workshop, ignore_errors=True)

    def _bring(self, run: TaskRun[ArchiveParameters], packed: _Packed, workshop: Path) -> Outcome:
        """Bring the archive into the workshop, a hidden directory at the destination, and from there into its place."""
        wanted = run.parameters
        local = workshop / TAR_NAME
        workshop.mkdir(parents=True)
        receipt = _fetch(run, packed, local) if packed.name else None
        run.check_cancelled()
        if not wanted.unpack:
            if receipt is None:
                return Completed(_outputs(None, None, files=None, left_out=[]), DONE)
            target = Path(wanted.destination) / TAR_NAME
            local.replace(target)
            return Completed(_outputs(target, receipt, files=None, left_out=[]), DONE)
        fresh = workshop / DIRECTORY_NAME
        fresh.mkdir(mode=0o755)
        contents = unpack(local, fresh, run.check_cancelled) if receipt else None
        target = Path(wanted.destination) / DIRECTORY_NAME
        _put_in_place(fresh, target, workshop / "replaced")
        files = contents.files if contents else 0
        return Completed(_outputs(target, receipt, files, contents.left_out if contents else []), DONE)


def _pack(run: TaskRun[ArchiveParameters]) -> _Packed | Failed:
    """Pack on the resource. Raises ``TransferError`` when a file changed meanwhile, since that may pass."""
    wanted = run.parameters
    result = run.shell().run(
        f"{PREAMBLE}set -- {quoted([wanted.directory])}\n{_PACK}", timeout_s=wanted.timeout_s, cancelled=run.cancelled
    )
    if result.exit_code == 0:
        return _Packed(result.text)
    if result.exit_code == _EMPTY:
        return _Packed("")
    if result.exit_code == _CHANGED:
        raise TransferError(f"A file in {wanted.directory} changed while it was archived: {result.error_text[-500:]}")
    return failed(f"Packing the directory {wanted.directory}", run.resource, result.error_text)


def _fetch(run: TaskRun[ArchiveParameters], packed: _Packed, local: Path) -> Receipt:
    """Bring the archive over and remove it there, also when bringing it went wrong for good."""
    wanted = run.parameters
    there = f"{wanted.directory}/{packed.name}"
    try:
        (receipt,) = run.transfer().get(
            [FilePair(local=local, remote=there)],
            checksum=wanted.checksum,
            progress=lambda done, total: run.progress(done, total, "fetching the archive"),
            cancelled=run.cancelled,
        )
    except WorkloadError as error:
        if not error.transient:  # else the next attempt packs anew, over this one
            with contextlib.suppress(WorkloadError):
                _remove(run, there)
        raise
    _remove(run, there)
    return receipt


def _remove(run: TaskRun[ArchiveParameters], there: str) -> None:
    mark = f"{run.parameters.directory}/.{TAR_NAME}.ours"
    run.shell().run(f"{PREAMBLE}rm -f -- {quoted([there, mark])}\n").require_success(f"Removing {there}")


def _put_in_place(fresh: Path, target: Path, replaced: Path) -> None:
    """Rename ``fresh`` to ``target``; what stood there before goes to ``replaced``. Never a half of either is seen."""
    if os.path.lexists(target):
        target.rename(replaced)
    fresh.rename(target)


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)


def _outputs(archive: Path | None, receipt: Receipt | None, files: int | None, left_out: list[str]) -> dict[str, Any]:
    return {
        "archive": str(archive) if archive else "",
        "files": files,
        "size_bytes": receipt.size_bytes if receipt else 0,
        "sha256": receipt.sha256 if receipt else None,
        "left_out": left_out,
    }
