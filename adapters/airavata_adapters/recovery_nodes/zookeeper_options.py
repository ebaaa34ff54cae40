"""The options of the ZooKeeper recovery nodes."""

from __future__ import annotations

from dataclasses import dataclass, field

from airavata_adapters.recovery_nodes.zookeeper_paths import checked_root
from airavata_workload.domain.errors import SettingsError
from airavata_workload.ports.backing import BackingContext

_LONGEST_SESSION_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class ZooKeeperOptions:
    """Where ZooKeeper is, who we are there, and how long it waits for us.

    ``hosts``: ``host:port`` of each server, with commas; ``root``: the node
    below which everything stands; ``username`` and ``password``: digest
    authentication, and then nobody else may see or change our nodes; without
    them everybody may. ``session_timeout_s``: after how long without a sign
    of life a session is over (the servers have limits of their own), and how
    long a call waits for a connection.
    """

    hosts: str
    root: str
    session_timeout_s: int
    username: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, context: BackingContext) -> ZooKeeperOptions:
        """Those of the context. Raises ``SettingsError``."""
        options = cls(
            **context.settled_options(
                hosts="127.0.0.1:2181", root="/airavata-workload", username="", password="", session_timeout_s=10
            )
        )
        options._check_hosts()
        checked_root(options.root)
        if bool(options.username) != bool(options.password):
            raise SettingsError("options 'username' and 'password' belong together; only one is given.", key="username")
        if ":" in options.username:
            raise SettingsError("option 'username' may not hold a colon.", key="username")
        if not 1 <= options.session_timeout_s <= _LONGEST_SESSION_TIMEOUT_S:
            raise SettingsError(
                f"option 'session_timeout_s' must be 1 to {_LONGEST_SESSION_TIMEOUT_S}.", key="session_timeout_s"
            )
        return options

    def _check_hosts(self) -> None:
        for host in self.hosts.split(","):
            name, colon, port = host.strip().rpartition(":")
            if not name or "/" in host or not colon or not port.isdigit():
                raise SettingsError(
                    f"option 'hosts' is {self.hosts!r}; it must be 'host:port' of each server, with commas. "
                    "A path goes into option 'root'.",
                    key="hosts",
                )
