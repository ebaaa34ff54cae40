"""The table of commands, the commands and the reference of the command line say the same."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import typer

from airavata_workload.cli.command_table import COMMANDS, CommandEntry
from airavata_workload.cli.exit_codes import MEANINGS, ExitCode
from airavata_workload.cli.lazy_group import LazyCommand
from airavata_workload.cli.main import command_line
from airavata_workload.cli.reference import FORMS, documented, reference
from airavata_workload.domain import errors

ROOT = Path(__file__).parents[2]
PROMISED = """run demo serve service recover submit list show watch logs top graph cancel retry clone hold release
plugins dags clusters credentials config db doctor health migrate token"""


def leaves(command: Any, path: str) -> list[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        return [(path, command)]
    return [leaf for name, each in command.commands.items() for leaf in leaves(each, f"{path} {name}")]


LEAVES = [leaf for entry in COMMANDS for leaf in leaves(LazyCommand(entry).load(), entry.name)]


def test_every_promised_command_is_there() -> None:
    assert {entry.name for entry in COMMANDS} == set(PROMISED.split())


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_summaries_are_those_of_the_commands(entry: CommandEntry) -> None:
    command = LazyCommand(entry).load()
    assert command.name == entry.name
    assert command.help.split("\n\n")[0] == entry.summary
    assert len(entry.summary) <= 74, "it would not fit on a line of 80 columns"


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[path for path, _ in LEAVES])
def test_every_command_takes_the_options_of_every_command(path: str, command: Any) -> None:
    options = {option for param in command.params for option in param.opts}
    assert {"--home", "--config", "--output", "--verbose", "--quiet"} <= options
    assert all(param.help for param in command.params), "every option says what it does"


def test_a_command_is_imported_only_when_it_is_resolved() -> None:
    root = command_line()
    context = typer.Context(root, info_name="airavata-workload")
    assert isinstance(root.get_command(context, "list"), LazyCommand)
    name, command, rest = root.resolve_command(context, ["list", "--held"])
    assert (name, rest) == ("list", ["--held"])
    assert not isinstance(command, LazyCommand)


def test_every_error_has_a_documented_exit_code() -> None:
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass)]
    assert {ExitCode(each.exit_code) for each in classes if issubclass(each, errors.WorkloadError)} <= set(MEANINGS)
    assert set(MEANINGS) == set(ExitCode)


def test_the_reference_is_up_to_date() -> None:
    page = ROOT / "docs" / "reference" / "command-line.md"
    made = reference()
    assert page.read_text(encoding="utf-8") == made, (
        f"make it again: python -m airavata_workload.cli.reference > {page.relative_to(ROOT)}"
    )


@pytest.mark.parametrize("form", [form for _, form in FORMS], ids=lambda form: form.__name__)
def test_every_form_documents_its_members(form: Any) -> None:
    summary, members = documented(form)
    assert summary
    assert members
    assert all(members.values())
