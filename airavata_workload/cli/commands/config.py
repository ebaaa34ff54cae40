"""``config``: the settings in force."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import typer
from pydantic_core import to_jsonable_python

from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.global_options import Command, group
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.views.plain_text import unbroken
from airavata_workload.cli.views.settings_views import settings_table
from airavata_workload.documents.toml_document import read_toml
from airavata_workload.domain.errors import SettingsError
from airavata_workload.settings import ENVIRONMENT_PREFIX, Settings

config = group("Show the settings and where they come from.")

_SECRET_NAME = re.compile(r"password|passphrase|secret|token|private", re.IGNORECASE)
_SECRET_IN_URL = re.compile(r"(://[^/@:\s]*:)[^/@\s]+(@)")


@config.command("show", cls=Command)
def show_settings(context: typer.Context) -> int:
    """Show every setting, its value, and whether that is a default, of the file or of the environment."""
    invocation: Invocation = context.obj
    found = [setting_form(invocation.settings, name, source) for name, source in _sources(invocation).items()]
    invocation.screen.results(found, lambda: settings_table(found))
    return ExitCode.DONE


def setting_form(settings: Settings, name: str, source: str) -> dict[str, Any]:
    """A setting.

    name: its key in the settings file
    value: its value in force, secrets masked
    source: default, file or environment
    description: what it is for
    """
    return {
        "name": name,
        "value": _masked(to_jsonable_python(getattr(settings, name))),
        "source": source,
        "description": Settings.model_fields[name].description or "",
    }


def _sources(invocation: Invocation) -> dict[str, str]:
    path = invocation.settings_path
    in_file = read_toml(path, SettingsError).content if path.exists() else {}
    sources = {}
    for name in Settings.model_fields:
        variable = f"{ENVIRONMENT_PREFIX}{name.upper()}"
        from_environment = any(each == variable or each.startswith(f"{variable}__") for each in os.environ)
        sources[name] = "environment" if from_environment else "file" if name in in_file else "default"
    return sources


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: "***" if _SECRET_NAME.search(key) and item else _masked(item) for key, item in value.items()}
    return _SECRET_IN_URL.sub(r"\1***\2", value) if isinstance(value, str) else value


@config.command("path", cls=Command)
def show_path(context: typer.Context) -> int:
    """Print the path of the settings file, whether or not it is there."""
    invocation: Invocation = context.obj
    path = invocation.settings_path
    invocation.screen.result({"path": str(path), "exists": path.exists()}, lambda: unbroken(str(path)))
    return ExitCode.DONE
