"""The published Python SDKs of Airavata that tests run: where they are, and what each sees of a gateway of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from portal_site import CLIENTS
from services.servers import Servers

VERSIONS = ("1.1.7", "2.0.22", "2.1.7", "2.2.7")


def interpreter(version: str) -> str:
    """The Python of the environment that services.sh has made for a version."""
    path = Servers().env("sdks")[f"PYTHON_SDK_{version.replace('.', '_')}"]
    assert Path(path).exists(), f"{path} is not there; run: tests/services/services.sh install sdks"
    return path


def program(version: str) -> list[str | Path]:
    """The command that is a portal with that SDK."""
    return [interpreter(version), CLIENTS / "portal_program.py"]


def check_gateway(seen: dict[str, Any], gateway: str) -> None:
    """A gateway that was registered, and three people who have come."""
    assert seen["gateway"] == {
        "before": False,
        "after": True,
        "id": gateway,
        "name": f"Portal {gateway}",
        "acronym": "PTL",
        "approved": True,
        "listed": [gateway],
        "versions": ["0.18.0"] * 7,
    }
    assert seen["people"] == {
        "profile": ["ada", gateway],
        "known": [True, False],
        "listed": ["ada", "bob", "root"],
        "names": ["ada", "bob", "root"],
        "exists": True,
    }
