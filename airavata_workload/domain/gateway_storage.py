"""The storage that the installation itself offers to the users of its gateways."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import InputError

_NAMESPACE = uuid.UUID("5f0d6f3e-6a7c-5d0e-9a51-3c1b6c1f7d42")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9.-]+")
_LONGEST_NAME_BYTES = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStorage:
    """A directory on this machine with one for each gateway, in which each user has one.

    ``host_name`` is the name by which clients reach it. A user's directory is
    called exactly like the user: clients put the path together themselves.
    Source: ``airavata-python-sdk`` 2.2.7, ``AiravataOperator.launch_experiment``.
    """

    host_name: str
    root: Path

    @property
    def resource_id(self) -> str:
        """The id of its storage resource: the same for every process whose settings name the same host."""
        plain = _NOT_PLAIN.sub("_", self.host_name).strip("._-") or "storage"
        return f"{plain}_{uuid.uuid5(_NAMESPACE, self.host_name)}"

    def directory(self, gateway: str) -> Path:
        """Where a gateway's users have theirs. Raises ``InputError`` for a name that is none of a directory."""
        return self.root / _directory_name(gateway, "gateway")

    def user_directory(self, gateway: str, user: str) -> Path:
        """What a user of a gateway sees as ``/``. Raises ``InputError`` for a name that is none of a directory."""
        return self.directory(gateway) / _directory_name(user, "user")

    def cluster(self, name: str, gateway: str) -> Cluster:
        """It as the engine uses it for a gateway. Raises ``InputError``."""
        return Cluster(
            name=name,
            description="The installation's own storage",
            batch_system="fork",
            remote_shell="local",
            file_transfer="local",
            scratch_directory=str(self.directory(gateway)),
            use_agent=False,
        )


def _directory_name(name: str, what: str) -> str:
    encoded = name.encode("utf-8", "surrogatepass")
    if name in ("", ".", "..") or "/" in name or not name.isprintable() or len(encoded) > _LONGEST_NAME_BYTES:
        raise InputError(
            f"The {what} {name!r} has no directory in the storage: no directory can have that name.",
            remedy=f"Use a {what} whose name has no '/' and at most {_LONGEST_NAME_BYTES} bytes.",
        )
    return name
