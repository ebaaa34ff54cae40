"""Task kind ``checksum-report``: writes a manifest of a directory, for whoever must prove what a computation left."""

from __future__ import annotations

import shlex
from typing import ClassVar

from pydantic import Field

from airavata_workload.domain.outcome import Completed, Failed, Outcome
from airavata_workload.domain.states import ProcessState
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin, TaskRun

_NO_DIRECTORY = 91

# Hidden files are left out: the engine and the batch system keep their own notes in them. The manifest gets its name
# only once it is whole, so whoever finds it may trust it. Names with a newline or a backslash are written as
# sha256sum(1) writes them, and `sha256sum --check` reads them back.
_SCRIPT = f"""\
export LC_ALL=C
unset CDPATH
cd -- "$1" || exit {_NO_DIRECTORY}
find . -name '.?*' -prune -o -type f ! -path "./$2" -print0 | sort -z | xargs -0 -r sha256sum -- >".$2.new" || exit
lines=$(wc -l <".$2.new") && mv -f -- ".$2.new" "$2" && printf %s "$lines"
"""


class ChecksumReportParameters(Parameters):
    """What ``checksum-report`` is told."""

    directory: str = Field(
        pattern=r"^/[^\x00]*$", description="Directory to report on: an absolute path on the resource."
    )
    manifest: str = Field(
        default="MANIFEST.sha256",
        pattern=r"^[^/.\x00-][^/\x00]*$",
        description="File name of the manifest, written there.",
    )


class ChecksumReport(TaskPlugin[ChecksumReportParameters]):
    """Writes the SHA-256 of every file below a directory into a manifest, with one command.

    Doing it again writes it anew. Outputs: ``manifest`` (its path) and ``files`` (how many it lists).
    """

    kind: ClassVar[str] = "checksum-report"
    summary: ClassVar[str] = "Writes a manifest with the SHA-256 of every file in a directory"
    parameters_model: ClassVar[type[Parameters]] = ChecksumReportParameters
    process_state: ClassVar[ProcessState] = ProcessState.POST_PROCESSING

    def execute(self, run: TaskRun[ChecksumReportParameters]) -> Outcome:
        """Do it. ``Failed`` names the directory."""
        run.check_cancelled()
        directory, manifest = run.parameters.directory, run.parameters.manifest
        result = run.shell().run(
            f"set -- {shlex.quote(directory)} {shlex.quote(manifest)}\n{_SCRIPT}", cancelled=run.cancelled
        )
        if result.exit_code == _NO_DIRECTORY:
            return Failed(result.error_text, f"There is no directory {directory} on {run.resource} to report on.")
        result.require_success(f"Writing the manifest {manifest} of {directory}")
        return Completed({"manifest": f"{directory}/{manifest}", "files": int(result.text)})
