"""Task kind ``env-setup``: makes the working directory and checks that the job's modules can be loaded."""

from __future__ import annotations

import posixpath
from typing import Any, ClassVar

from pydantic import Field

from airavata_plugins.diagnosis import failed
from airavata_plugins.places import AbsolutePath, InsidePath
from airavata_plugins.words import PREAMBLE, Environment, Word, exports, quoted
from airavata_workload.domain.outcome import Completed, Failed, Outcome
from airavata_workload.domain.states import ProcessState
from airavata_workload.ports.remote_shell import CommandResult
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin, TaskRun

DONE = "Successfully created environment"
"""Source: Airavata 0.17, the reason text of GFAC's environment task."""

_NOT_MADE, _NOT_WRITABLE = 91, 92

# The shell's own printf does not say why it could not write, tee does; it is asked only after a failure.
_MAKE = f"""\
mkdir -p -- "$@" || exit {_NOT_MADE}
for directory do
  probe=$directory/.write-test.$$
  {{ printf x >"$probe"; }} 2>/dev/null || {{ printf x | tee -- "$probe" >/dev/null; }}
  code=$?
  rm -f -- "$probe"
  [ $code -eq 0 ] || exit {_NOT_WRITABLE}
done
"""

# ``module`` is a function that login files define. What they print must not be taken for our answer, which goes to
# descriptor 3 as records of three NUL-ended fields. Environment Modules 3.2 returns 0 even when it finds no module,
# and says ":ERROR:" (Source: its ModuleCmd_Load.c); later versions and Lmod return 1.
_CHECK_MODULES = """\
command -v module >/dev/null 2>&1 || [ ! -r "${MODULESHOME:-}/init/sh" ] || . "$MODULESHOME/init/sh"
command -v module >/dev/null 2>&1 || { printf 'none\\0\\0\\0' >&3; exit 0; }
answer=$1; shift
for name do
  module load "$name" >"$answer" 2>&1; code=$?
  said=$(cat -- "$answer")
  case $code:$said in
    0:*:ERROR:*) ;;
    0:*) continue ;;
  esac
  printf 'missing\\0%s\\0%s\\0' "$name" "$said" >&3
done
printf 'checked\\0\\0\\0' >&3
"""


class EnvSetupParameters(Parameters):
    """What ``env-setup`` is told."""

    directory: AbsolutePath = Field(description="Working directory to make on the resource: an absolute path.")
    subdirectories: list[InsidePath] = Field(
        default=[], description="Directories to make inside the working directory: relative paths."
    )
    modules: list[Word] = Field(
        default=[], description="Environment modules that must be loadable, in the order in which they are loaded."
    )
    environment: Environment = Field(
        default={}, description="Environment variables, name to literal value, set while the modules are loaded."
    )


class EnvSetup(TaskPlugin[EnvSetupParameters]):
    """Makes directories, proves that they can be written to and that the modules exist: one command in all.

    Doing it again changes nothing. Outputs: ``directory``, and the ``modules``
    and ``environment`` that were checked, for the tasks that use them.
    """

    kind: ClassVar[str] = "env-setup"
    summary: ClassVar[str] = "Makes the working directory and checks that it is writable and the modules load"
    parameters_model: ClassVar[type[Parameters]] = EnvSetupParameters
    process_state: ClassVar[ProcessState] = ProcessState.CONFIGURING_WORKSPACE

    def execute(self, run: TaskRun[EnvSetupParameters]) -> Outcome:
        """Do it. ``Failed`` names the directory or the module, and the cause."""
        run.check_cancelled()
        wanted = run.parameters
        result = run.shell().run(_script(wanted), cancelled=run.cancelled)
        doing = f"Making the working directory {wanted.directory}"
        if result.exit_code == _NOT_WRITABLE:
            return failed(f"Writing into the working directory {wanted.directory}", run.resource, result.error_text)
        if result.exit_code != 0:
            return failed(doing, run.resource, result.error_text)
        if wanted.modules:
            problem = _module_problem(result, run.resource)
            if problem:
                return Failed(f"{problem} Asked for were: {', '.join(wanted.modules)}.", problem)
        outputs: dict[str, Any] = {
            "directory": wanted.directory,
            "modules": list(wanted.modules),
            "environment": dict(wanted.environment),
        }
        return Completed(outputs, DONE)


def _script(wanted: EnvSetupParameters) -> str:
    directories = [wanted.directory, *(posixpath.join(wanted.directory, name) for name in wanted.subdirectories)]
    script = f"{PREAMBLE}set -- {quoted(directories)}\n{_MAKE}"
    if not wanted.modules:
        return script
    body = exports(wanted.environment) + _CHECK_MODULES
    answer = f"{quoted([wanted.directory])}/.module-check.$$"
    return (
        f"{script}login=$(command -v bash) || login=sh\n"
        f'"$login" -l -c {quoted([body])} check {answer} {quoted(wanted.modules)} '
        f"</dev/null 3>&1 >/dev/null 2>&1\nrm -f -- {answer}\n"
    )


def _module_problem(result: CommandResult, resource: str) -> str:
    """What is wrong with the modules, for the user; '' if nothing is."""
    fields = result.text.split("\0")
    records = list(zip(fields[0::3], fields[1::3], fields[2::3], strict=False))
    kinds = {kind for kind, _name, _said in records}
    if "none" in kinds:
        return f"{resource} has no 'module' command, so that no environment module can be loaded there."
    missing = [(name, said) for kind, name, said in records if kind == "missing"]
    if missing:
        each = "; ".join(f"'{name}'" + (f" ({said.strip()[:300]})" if said.strip() else "") for name, said in missing)
        return f"{resource} cannot load the environment module {each}."
    if "checked" not in kinds:
        return f"The login files of {resource} end the shell before an environment module can be loaded."
    return ""
