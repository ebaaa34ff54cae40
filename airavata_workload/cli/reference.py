"""Writes the reference of the command line, ``docs/reference/command-line.md``, from the commands themselves.

``python -m airavata_workload.cli.reference > docs/reference/command-line.md``
after a change; a test compares the two.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import typer

from airavata_workload.cli.command_table import COMMANDS
from airavata_workload.cli.commands.config import setting_form
from airavata_workload.cli.exit_codes import MEANINGS
from airavata_workload.cli.global_options import PANEL
from airavata_workload.cli.main import PROGRAM, command_line
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.check_views import check_form
from airavata_workload.cli.views.migration_views import migration_form
from airavata_workload.cli.views.plugin_views import plugin_form
from airavata_workload.cli.views.schema_views import schema_form
from airavata_workload.cli.views.token_views import identity_form, token_form
from airavata_workload.cli.views.top_views import top_form

FORMS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("`list`, `submit`, `cancel`, `hold`, `release`, `clone`, `retry`, `recover --list`", json_forms.experiment_form),
    ("`show`, `run`, `demo`, `recover`, `watch`, `submit --wait`", json_forms.detail_form),
    ("its `tasks`; `graph`", json_forms.task_form),
    ("its `jobs`", json_forms.job_form),
    ("`logs`", json_forms.change_form),
    ("`watch --output jsonl`", json_forms.event_form),
    ("`dags list`, `show`, `check`, `load`; `graph TYPE`", json_forms.dag_form),
    ("`clusters list`, `show`", json_forms.cluster_form),
    ("`doctor`, `clusters check`", check_form),
    ("`top`", top_form),
    ("`plugins list`", plugin_form),
    ("`credentials list`, `add`", json_forms.credential_form),
    ("`token list`; `token create`, which adds the member `token`", token_form),
    ("`token check`", identity_form),
    ("`db current`, `check`, `upgrade`", schema_form),
    ("`migrate`", migration_form),
    ("`config show`", setting_form),
)

_HEAD = """# Command line

<!-- Made by `python -m airavata_workload.cli.reference`: change the commands, not this file. -->

`{program} COMMAND --help` says the same in the terminal. Ids of experiments may be cut to a beginning that
names only one. `{program} --install-completion` teaches the shell to complete commands, options, ids, application
types and clusters.

## Options of every command

They stand before or after the command's name.

"""

_JSON_HEAD = """
## JSON

With `--output json` a command prints one JSON value: an object, or a list of objects where it tells of several
things. With `--output jsonl` it prints one object a line. Members are added in later versions, never renamed or
removed. Instants are ISO 8601 in UTC, or `null`. Nothing else goes to standard output. An error is one object on
standard error, `{"error": {"type", "message", "remedy", "exit_code"}}`.
"""


def reference() -> str:
    """The whole page."""
    root = command_line()
    context = typer.Context(root, info_name=PROGRAM)
    parts = [_HEAD.format(program=PROGRAM), *_options(root.params, lambda param: param.rich_help_panel == PANEL)]
    parts.append("\n## Exit codes\n\n| code | meaning |\n|---|---|\n")
    parts += [f"| {int(code)} | {meaning} |\n" for code, meaning in MEANINGS.items()]
    panel = ""
    for entry in COMMANDS:
        if entry.panel != panel:
            panel = entry.panel
            parts.append(f"\n## {panel}\n")
        _, command, _ = root.resolve_command(context, [entry.name])
        parts += _command(command, context, [entry.name])
    parts.append(_JSON_HEAD)
    for commands, form in FORMS:
        parts += _form(commands, form)
    return "".join(parts)


def _command(command: Any, parent: Any, names: list[str]) -> Iterator[str]:
    context = typer.Context(command, parent=parent, info_name=names[-1])
    if hasattr(command, "commands"):
        for name in command.list_commands(context):
            yield from _command(command.get_command(context, name), context, [*names, name])
        return
    pieces = " ".join(piece for piece in command.collect_usage_pieces(context) if piece)
    yield f"\n### {' '.join(names)}\n\n```\n{PROGRAM} {' '.join(names)} {pieces}\n```\n\n{command.help}\n"
    own = list(_options(command.params, lambda param: getattr(param, "rich_help_panel", None) != PANEL))
    if own:
        yield "\n"
        yield from own


def _options(params: list[Any], wanted: Callable[[Any], bool]) -> Iterator[str]:
    rows = []
    for param in params:
        if not wanted(param) or not getattr(param, "help", None):
            continue
        is_argument = param.param_type_name == "argument"
        names = [param.metavar or param.name.upper()] if is_argument else [*param.opts, *param.secondary_opts]
        value = "" if is_argument or getattr(param, "is_flag", False) else f" {param.metavar or _choices(param)}"
        default = param.default if isinstance(param.default, (int, str)) and param.default not in (False, "") else None
        said = f"{param.help} Default: {default}." if default is not None and not is_argument else param.help
        rows.append(f"| `{', '.join(names)}{value}` | {said.replace('|', chr(92) + '|')} |\n")
    if rows:
        yield "| option | meaning |\n|---|---|\n"
        yield from rows


def _choices(param: Any) -> str:
    choices = param.type_descriptor.choices
    return " or ".join(str(choice.value) for choice in choices) if choices else "NUMBER"


def _form(commands: str, form: Callable[..., Any]) -> Iterator[str]:
    summary, members = documented(form)
    yield f"\n### {summary}\n\nFrom {commands}.\n\n| member | meaning |\n|---|---|\n"
    yield from (f"| `{name}` | {meaning} |\n" for name, meaning in members.items())


def documented(form: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """The first line of a form's docstring, and the members that it lists with their meaning."""
    summary, _, rest = inspect.cleandoc(form.__doc__ or "").partition("\n\n")
    members = dict(re.findall(r"^(\w+): (.+)$", rest, flags=re.MULTILINE))
    return summary.rstrip(".:"), members


if __name__ == "__main__":
    sys.stdout.write(reference())
