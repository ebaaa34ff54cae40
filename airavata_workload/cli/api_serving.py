"""What ``serve`` and ``service api`` have in common: the server of the Thrift services."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from airavata_workload.domain.errors import InputError

if TYPE_CHECKING:  # slow to import, and not needed for help
    from airavata_workload.bootstrap import Installation
    from airavata_workload.ports.api_server import ApiServer

INSECURE_HELP = "Believe every caller's user name and gateway. Refused unless all ports are on loopback."


def can_serve_thrift() -> bool:
    """Whether the extra ``thrift`` is installed; nothing of it is imported."""
    return importlib.util.find_spec("thrift") is not None


def open_api_server(installation: Installation, *, insecure: bool) -> ApiServer:
    """The server, its ports bound. Raises as ``Installation.api_server``, and ``InputError`` without the extra."""
    if not can_serve_thrift():
        raise InputError(
            "The Thrift services need a library that is not installed.",
            remedy="Install it: pip install 'airavata-workload[thrift]'",
        )
    return installation.api_server(insecure=insecure)
