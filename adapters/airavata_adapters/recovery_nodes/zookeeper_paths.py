"""Where things stand in ZooKeeper, and how an id of any characters becomes one component of a path."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from airavata_workload.domain.errors import InputError, SettingsError

SHARDS = tuple("0123456789abcdef")
"""The parts into which long lists are divided, by hash of the id.

A list of children is one message, and it is read again after every launch and
every end: 10,000 experiments under one node make it a megabyte.
"""
_EMPTY = "%"
"""Stands for the empty id: ``quote`` never leaves a percent sign alone."""
_NAME_LENGTH = 1000
"""Longest quoted name, in characters, so that a transaction of many stays below ``jute.maxbuffer`` (1 MiB)."""
_ROOT = re.compile(r"(/[A-Za-z0-9_.~-]+)+")


def quoted(text: str) -> str:
    """The text as one component of a path; ``unquoted`` gives it back.

    Source: ZooKeeper Programmer's Guide, "The ZooKeeper Data Model": no
    slash, no null, no control characters, no surrogates, not ``.``, not ``..``.
    Raises ``InputError`` for a text that is too long.
    """
    name = quote(text, safe="", errors="surrogatepass") or _EMPTY
    if name.strip(".") == "":
        name = name.replace(".", "%2E")
    if len(name) > _NAME_LENGTH:
        raise InputError(
            f"'{text[:40]}…' is too long for a node of ZooKeeper.", remedy=f"Use at most {_NAME_LENGTH} characters."
        )
    return name


def unquoted(name: str) -> str:
    """The text whose ``quoted`` this is."""
    if "%" not in name:
        return name
    return "" if name == _EMPTY else unquote(name, errors="surrogatepass")


class Paths:
    """The paths below one root."""

    def __init__(self, root: str) -> None:
        self.root = checked_root(root)
        self.experiments = f"{self.root}/experiments"
        self.sessions = f"{self.root}/sessions"
        self.members = f"{self.root}/members"
        self.leads = f"{self.root}/leads"
        self.owned = f"{self.root}/owned"

    def above(self) -> Iterator[str]:
        """The nodes above the root, parents first."""
        parts = self.root.split("/")
        for length in range(2, len(parts)):
            yield "/".join(parts[:length])

    def lasting(self) -> Iterator[str]:
        """The nodes that are always there, below the root, parents first."""
        yield from (self.sessions, self.members, self.leads, self.owned, self.experiments)
        yield from (f"{self.experiments}/{shard}" for shard in SHARDS)

    def experiment(self, experiment_id: str) -> str:
        """The node of a running experiment. Raises ``InputError`` for an id that is too long."""
        return f"{self.experiments}/{_shard(experiment_id)}/{quoted(experiment_id)}"

    def owner(self, epoch: str) -> str:
        """The node below which stands what an epoch owns."""
        return f"{self.owned}/{epoch}"

    def owned_lists(self, epoch: str) -> Iterator[str]:
        """The nodes whose children are what an epoch owns."""
        yield from (f"{self.owner(epoch)}/{shard}" for shard in SHARDS)

    def owned_experiment(self, epoch: str, experiment_id: str) -> str:
        """The node that shows that an epoch owns an experiment. Raises as ``experiment``."""
        return f"{self.owner(epoch)}/{_shard(experiment_id)}/{quoted(experiment_id)}"

    def session(self, epoch: str) -> str:
        """The ephemeral node that shows that a session lives."""
        return f"{self.sessions}/{epoch}"

    def member(self, epoch: str, service: str) -> str:
        """The ephemeral node of a running service."""
        return f"{self.members}/{epoch}:{quoted(service)}"

    def lead(self, role: str) -> str:
        """The ephemeral node of a role's leader. Raises ``InputError`` for a role without a name."""
        if not role:
            raise InputError(f"{role!r} cannot name a role.", remedy="Give it a name.")
        return f"{self.leads}/{quoted(role)}"


def _shard(experiment_id: str) -> str:
    return hashlib.sha256(experiment_id.encode("utf-8", "surrogatepass")).hexdigest()[0]


def checked_root(root: str) -> str:
    """The root path, if it is one. Raises ``SettingsError``."""
    plain = root.rstrip("/")
    if not _ROOT.fullmatch(plain) or any(part.strip(".") == "" for part in plain[1:].split("/")):
        raise SettingsError(
            f"option 'root' is {root!r}; it must be a path such as '/airavata-workload' of letters, digits, '_.~-'.",
            key="root",
        )
    return plain
