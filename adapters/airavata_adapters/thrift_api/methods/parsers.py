"""Parsers and parsing templates."""

from __future__ import annotations

from typing import Any

from airavata_adapters.thrift_api.targets import Table
from airavata_workload.domain.caller import Caller


def _remove(api: Any, caller: Caller, parser_id: str, gateway_id: str) -> None:
    """The registry's clients are told nothing."""
    api.parsers.remove(caller, parser_id, gateway_id)


def _remove_template(api: Any, caller: Caller, template_id: str, gateway_id: str) -> None:
    """The same for templates."""
    api.parsers.remove_template(caller, template_id, gateway_id)


_BOTH: Table = {
    "getParser": ("parsers", "get"),
    "saveParser": ("parsers", "save"),
    "listAllParsers": ("parsers", "all"),
    "getParsingTemplate": ("parsers", "get_template"),
    "getParsingTemplatesForExperiment": ("parsers", "templates_for_experiment"),
    "saveParsingTemplate": ("parsers", "save_template"),
    "listAllParsingTemplates": ("parsers", "all_templates"),
}
AIRAVATA: Table = {
    **_BOTH,
    "removeParser": ("parsers", "remove"),
    "removeParsingTemplate": ("parsers", "remove_template"),
}
REGISTRY: Table = {
    **_BOTH,
    "removeParser": _remove,
    "removeParsingTemplate": _remove_template,
    "getParserInput": ("parsers", "input"),
    "getParserOutput": ("parsers", "output"),
}
