"""The file in a home directory that says where its experiments have gone, so that nobody runs them twice.

It is written before anything is copied and stays for good. An engine looks for
it when its session can be seen by others already, and a move looks for living
services when the file can be seen already: whoever comes second sees the other.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from airavata_workload.domain.errors import ConflictError, DeniedError, DocumentError, StoreUnavailableError
from airavata_workload.settings import Settings

FILE_NAME = "moved.json"
SYSTEMS = ("graph_store", "registry", "recovery_nodes", "task_queue")
"""What tells two installations apart that share a home directory."""

_SECRET_NAME = re.compile(r"password|passphrase|secret|token|private", re.IGNORECASE)
_SECRET_IN_URL = re.compile(r"(://[^/@:\s]*:)[^/@\s]+(@)")

Systems = Mapping[str, Any]
"""Of each system its name and options, without secrets."""


class Stage(StrEnum):
    """How far a move has come."""

    COPYING = "copying"
    HANDED_OVER = "handed over"
    """The target has everything, and drives it; what the source kept to drive it is being removed."""
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One move: from which systems, to which; ``where`` names the target for people.

    ``copied`` counts the experiments, the oldest first, that are in the target for sure;
    ``records_copied`` says whether the records of portals are, all of them.
    """

    source: Systems
    target: Systems
    where: str
    stage: Stage = Stage.COPYING
    copied: int = 0
    records_copied: bool = False

    @property
    def name(self) -> str:
        """A name for this move, the same whenever it is run again."""
        both = json.dumps([self.source, self.target], sort_keys=True)
        return f"migration-{hashlib.sha256(both.encode()).hexdigest()[:32]}"

    def to_json(self) -> dict[str, Any]:
        """The seal as a JSON object."""
        return {
            "from": self.source,
            "to": self.target,
            "where": self.where,
            "stage": str(self.stage),
            "copied": self.copied,
            "records_copied": self.records_copied,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Seal:
        """The inverse of ``to_json``."""
        return cls(
            source=value["from"],
            target=value["to"],
            where=value["where"],
            stage=Stage(value["stage"]),
            copied=value["copied"],
            records_copied=value.get("records_copied", False),
        )


class SealFile:
    """The seals of a home directory: one for each installation that was moved out of it."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE_NAME

    def of(self, source: Systems) -> Seal | None:
        """The seal on an installation. Raises ``DocumentError`` for a damaged file, and ``DeniedError``."""
        return next((seal for seal in self._seals() if seal.source == source), None)

    def put(self, seal: Seal) -> None:
        """Store the seal, durably and at once, in place of the one on the same installation."""
        seals = [other for other in self._seals() if other.source != seal.source]
        text = json.dumps({"moves": [each.to_json() for each in [*seals, seal]]}, indent=2) + "\n"
        beside = self.path.with_name(f".{FILE_NAME}.{os.getpid()}")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
            _sync(self.path.parent)
        except OSError as error:
            raise _translated(error, self.path) from error

    def _seals(self) -> list[Seal]:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _translated(error, self.path) from error
        try:
            return [Seal.from_json(value) for value in json.loads(text)["moves"]]
        except (ValueError, KeyError, TypeError) as error:
            raise DocumentError(
                f"does not say where this installation was moved: {error!r}.",
                path=self.path,
                remedy="Restore it; without it experiments could run twice.",
            ) from None


def _sync(directory: Path) -> None:
    """Make a new name in the directory durable (fsync of the file alone does not: fsync(2))."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _translated(error: OSError, path: Path) -> DeniedError | StoreUnavailableError:
    text = f"{path}: {error.strerror or error}."
    if isinstance(error, PermissionError):
        return DeniedError(text, remedy="Give this user permission there.")
    return StoreUnavailableError(text, remedy="Check the home directory and its file system.")


def systems_of(settings: Settings) -> dict[str, Any]:
    """What tells the installation of these settings from others: secrets are masked, since they may change."""
    return {
        name: {"name": getattr(settings, name), "options": _masked(getattr(settings.options, name))} for name in SYSTEMS
    }


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: "***" if _SECRET_NAME.search(key) else _masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    return _SECRET_IN_URL.sub(r"\1***\2", value) if isinstance(value, str) else value


def refuse_if_moved(settings: Settings) -> None:
    """Raise ``ConflictError`` if the installation of these settings was moved, or its move has begun."""
    file = SealFile(settings.home)
    seal = file.of(systems_of(settings))
    if seal is None:
        return
    if seal.stage is Stage.COPYING:
        raise ConflictError(
            f"This installation is being moved to {seal.where}, and must not run meanwhile.",
            remedy=f"Run the 'airavata-workload migrate' again that was begun. To stay here instead, as long as no "
            f"service has run there, remove {file.path}.",
        )
    raise ConflictError(
        f"The experiments of this installation were moved to {seal.where}; run here they would run twice.",
        remedy="Use the settings of that installation (--config, --home).",
    )
