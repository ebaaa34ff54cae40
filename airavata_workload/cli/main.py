"""The entry point ``airavata-workload``."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from airavata_workload import __version__
from airavata_workload.cli import error_report
from airavata_workload.cli.exit_codes import MEANINGS, ExitCode
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.lazy_group import LazyGroup
from airavata_workload.cli.output_form import Output
from airavata_workload.domain.errors import WorkloadError

PROGRAM = error_report.PROGRAM
GARBAGE_THRESHOLD = 20_000
"""So many new objects make the collector look (Python's own default is 700)."""

_EPILOG = "Exit codes:\n" + "\n".join(f"[bold]{code:>3}[/bold]  {meaning}" for code, meaning in MEANINGS.items())

application = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog=_EPILOG,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"{PROGRAM} {__version__}\n")
        raise typer.Exit


@application.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Run experiments on clusters, as graphs of tasks that may be killed anywhere and lose nothing.

    'airavata-workload demo' runs a first one; 'airavata-workload run FILE' runs yours.
    """


def command_line() -> Any:
    """The whole command line as one command object, its commands not yet imported."""
    return typer.main.get_command(application)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code; errors are told on standard error."""
    # Imports make many objects and no garbage: looking for some less often saves a tenth of a short command.
    gc.set_threshold(GARBAGE_THRESHOLD)
    invocation = Invocation()
    for stream in (sys.stdout, sys.stderr):
        # an unusual name must not break a terminal that cannot show it
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        done = command_line().main(list(arguments), prog_name=PROGRAM, standalone_mode=False, obj=invocation)
        sys.stdout.flush()
        return int(done or ExitCode.DONE)
    except WorkloadError as error:
        return error_report.tell(invocation, error)
    except typer.Abort:
        sys.stderr.write("Aborted.\n")
        return ExitCode.INTERRUPTED
    except typer.TyperException as error:
        return _wrong_use(invocation, arguments, error)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # the reader of our output has gone, as with '| head'
        sys.stdout = open("/dev/null", "w", encoding="utf-8")  # noqa: SIM115 - until the process ends
        return ExitCode.DONE
    except Exception as error:  # noqa: BLE001 - the last place where a fault can be told
        return error_report.tell_of_fault(invocation, error)


def _wrong_use(invocation: Invocation, arguments: Sequence[str], error: Any) -> int:
    """Tell of wrong arguments; without any at all the help has been printed."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return ExitCode.WRONG_USE
    if error_report.asked_for_json(arguments):
        invocation.output = Output.JSON
    path = context.command_path if context is not None else PROGRAM
    return error_report.tell_of_wrong_use(invocation, error.format_message(), path)
