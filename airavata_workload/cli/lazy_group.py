"""A group whose commands are imported when one of them is run, and not for help or completion."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand

from airavata_workload.cli.command_table import COMMANDS, CommandEntry
from airavata_workload.cli.global_options import Command, Group


class LazyCommand(TyperCommand):
    """Stands for a command in help and completion; ``load`` gives the command itself."""

    def __init__(self, entry: CommandEntry) -> None:
        super().__init__(entry.name, help=entry.summary, rich_help_panel=entry.panel)
        self._entry = entry

    def load(self) -> Any:
        """Import the module and make the command (or group) that it holds."""
        module_name, _, attribute = self._entry.place.partition(":")
        module = importlib.import_module(f"airavata_workload.cli.commands.{module_name}")
        found = getattr(module, attribute)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_command(found)
        else:
            application = typer.Typer(add_completion=False)
            application.command(self._entry.name, cls=Command)(found)
            command = typer.main.get_command(application)
        command.name = self._entry.name
        return command


class LazyGroup(Group):
    """The group of all commands of ``command_table``."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "commands": {entry.name: LazyCommand(entry) for entry in COMMANDS}})

    def resolve_command(self, ctx: Any, args: Sequence[str]) -> tuple[str | None, Any, list[str]]:
        """The command that the arguments name, imported."""
        name, command, rest = super().resolve_command(ctx, list(args))
        return name, command.load() if isinstance(command, LazyCommand) else command, rest
