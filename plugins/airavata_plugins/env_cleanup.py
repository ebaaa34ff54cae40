"""Task kind ``env-cleanup``: removes the working directory."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import ClassVar

from pydantic import Field

from airavata_plugins.diagnosis import failed
from airavata_plugins.places import AbsolutePath, absolute
from airavata_plugins.words import PREAMBLE, quoted
from airavata_workload.domain.outcome import Completed, Failed, Outcome
from airavata_workload.domain.states import ProcessState
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin, TaskRun

_LEADS_OUT, _NOT_A_DIRECTORY, _NOT_REMOVED, _NO_SCRATCH = 91, 92, 93, 94

# The point keeps a newline at the end of a name, which $( ) would take away. A program may have left directories
# that their owner may not write to, so rm gets a second chance.
_REMOVE = f"""\
[ -e "$1" ] || [ -L "$1" ] || exit 0
[ ! -L "$1" ] || exit {_LEADS_OUT}
[ -d "$1" ] || exit {_NOT_A_DIRECTORY}
inner=$(cd -P -- "$1" && pwd -P && printf .) || exit {_NOT_REMOVED}
outer=$(cd -P -- "$2" && pwd -P && printf .) || exit {_NO_SCRATCH}
inner=${{inner%??}} outer=${{outer%??}}
case $inner in
  "${{outer%/}}"/?*) ;;
  *) exit {_LEADS_OUT} ;;
esac
rm -rf -- "$inner" 2>/dev/null && exit 0
chmod -R u+rwX -- "$inner" 2>/dev/null
rm -rf -- "$inner" || exit {_NOT_REMOVED}
"""


class EnvCleanupParameters(Parameters):
    """What ``env-cleanup`` is told."""

    directory: AbsolutePath = Field(description="Working directory to remove from the resource: an absolute path.")
    timeout_s: float = Field(default=1800.0, gt=0, description="Limit for the removal, in seconds.")


class EnvCleanup(TaskPlugin[EnvCleanupParameters]):
    """Removes a directory with one command, if it really lies in the scratch directory of the resource.

    Both are compared after every symbolic link has been followed. A directory
    that is gone already is no failure. Outputs: ``directory``.
    """

    kind: ClassVar[str] = "env-cleanup"
    summary: ClassVar[str] = "Removes the working directory; refuses anything outside the scratch directory"
    parameters_model: ClassVar[type[Parameters]] = EnvCleanupParameters
    process_state: ClassVar[ProcessState] = ProcessState.POST_PROCESSING

    def execute(self, run: TaskRun[EnvCleanupParameters]) -> Outcome:
        """Do it. ``Failed`` says why the directory is refused or could not be removed."""
        run.check_cancelled()
        directory = run.parameters.directory
        scratch = run.cluster().scratch_directory
        refusal = f"The directory {directory} on {run.resource} is not removed"
        try:
            scratch = absolute(scratch)
        except ValueError:
            return Failed(f"{refusal}: the resource has no scratch_directory (it is {scratch!r}); set it.")
        if PurePosixPath(scratch) not in PurePosixPath(directory).parents or scratch == "/":
            return Failed(f"{refusal}: it does not lie inside the scratch directory {scratch}.")
        result = run.shell().run(
            f"{PREAMBLE}set -- {quoted([directory, scratch])}\n{_REMOVE}",
            timeout_s=run.parameters.timeout_s,
            cancelled=run.cancelled,
        )
        reasons = {
            _LEADS_OUT: f"it is a link, or a link leads it out of the scratch directory {scratch}.",
            _NOT_A_DIRECTORY: "it is not a directory.",
            _NO_SCRATCH: f"the scratch directory {scratch} cannot be entered.",
        }
        if result.exit_code in reasons:
            return Failed(f"{refusal}: {reasons[result.exit_code]}")
        if result.exit_code != 0:
            return failed(f"Removing the directory {directory}", run.resource, result.error_text)
        return Completed({"directory": directory}, "Successfully removed environment")
