"""The options that every command takes, before or after the command's name."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.output_form import Output

PANEL = "Options of every command"


def _set(context: typer.Context, name: str, value: Any) -> Any:
    """Note an option that was given; what is not given leaves what stood before the command's name."""
    if value not in (None, False) and isinstance(context.obj, Invocation):
        setattr(context.obj, name, value)
    return value


def _home(context: typer.Context, value: Path | None) -> Any:
    return _set(context, "home", value)


def _config(context: typer.Context, value: Path | None) -> Any:
    return _set(context, "config", value)


def _output(context: typer.Context, value: Output | None) -> Any:
    return _set(context, "output", value)


def _verbose(context: typer.Context, value: bool) -> Any:
    return _set(context, "verbose", value)


def _quiet(context: typer.Context, value: bool) -> Any:
    return _set(context, "quiet", value)


def _declaration(
    home: Annotated[
        Path | None,
        typer.Option(
            "--home",
            metavar="DIRECTORY",
            help="Where experiments are kept; default $AIRAVATA_WORKLOAD_HOME or ~/.airavata-workload.",
            callback=_home,
            expose_value=False,
            rich_help_panel=PANEL,
            file_okay=False,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="Settings file; default $AIRAVATA_WORKLOAD_CONFIG or config.toml in the home.",
            callback=_config,
            expose_value=False,
            rich_help_panel=PANEL,
        ),
    ] = None,
    output: Annotated[
        Output | None,
        typer.Option(
            "--output",
            "-o",
            help="For people, or for programs: one JSON value, or one a line.",
            callback=_output,
            expose_value=False,
            rich_help_panel=PANEL,
        ),
    ] = None,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Log more, and show a traceback with every error.",
            callback=_verbose,
            expose_value=False,
            rich_help_panel=PANEL,
        ),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            "-q",
            help="Say only what was asked for, and errors.",
            callback=_quiet,
            expose_value=False,
            rich_help_panel=PANEL,
        ),
    ] = False,
) -> None:
    """Carry the declarations of the options."""


@cache
def _parameters() -> tuple[Any, ...]:
    application = typer.Typer(add_completion=False)
    application.command()(_declaration)
    return tuple(typer.main.get_command(application).params)


class _Calm:
    """Help without the types of flags, and with paragraphs as wide as the terminal, however their source is wrapped."""

    params: list[Any]
    help: str | None

    def _calm(self) -> None:
        self.params = [*self.params, *_parameters()]
        for param in self.params:
            _hide_type_of_flag(param)
        if self.help:
            self.help = "\n\n".join(" ".join(part.split()) for part in self.help.split("\n\n"))

    def get_help_option(self, ctx: Any) -> Any:
        """The option ``--help``."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        _hide_type_of_flag(option)
        return option


def _hide_type_of_flag(param: Any) -> None:
    if getattr(param, "is_flag", False):
        param.metavar = " "


class Command(_Calm, TyperCommand):
    """A command that takes the options of every command."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._calm()


class Group(_Calm, TyperGroup):
    """A group of commands that takes the options of every command."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._calm()


def group(summary: str) -> typer.Typer:
    """An application for a group of commands, to be filled with ``command(cls=Command)``."""
    application = typer.Typer(cls=Group, add_completion=False, no_args_is_help=True, help=summary)
    application.callback()(_nothing)
    return application


def _nothing() -> None:
    return
