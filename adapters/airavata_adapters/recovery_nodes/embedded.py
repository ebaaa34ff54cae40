"""The recovery nodes of the one-process mode, in the shared SQLite file.

Lock files tell which sessions live and who leads.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from airavata_adapters.recovery_nodes.lead_files import LeadFiles
from airavata_adapters.sqlite.database import Database, open_database
from airavata_adapters.sqlite.prepared import Prepared, from_text, to_text
from airavata_adapters.sqlite.tables import members, recovery_nodes
from airavata_workload.domain.clock import now_us
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.recovery_nodes import Member, RecoveryNode, RecoveryNodes

_CREATE = Prepared(insert(recovery_nodes).prefix_with("OR IGNORE"))
_OWNER = Prepared(select(recovery_nodes.c.owner).where(recovery_nodes.c.experiment_id == bindparam("of_experiment")))
_CLAIM = Prepared(
    update(recovery_nodes)
    .where(recovery_nodes.c.experiment_id == bindparam("of_experiment"), recovery_nodes.c.owner == bindparam("seen"))
    .values(owner=bindparam("new_owner"))
)
_DISOWN = Prepared(
    update(recovery_nodes).where(recovery_nodes.c.owner == bindparam("of_session")).values(owner=bindparam("nobody"))
)
_REMOVE = Prepared(delete(recovery_nodes).where(recovery_nodes.c.experiment_id == bindparam("of_experiment")))
_NODES = Prepared(
    select(recovery_nodes.c.experiment_id, recovery_nodes.c.owner).order_by(recovery_nodes.c.experiment_id)
)
_JOIN = Prepared(insert(members).prefix_with("OR REPLACE"))
_LEAVE = Prepared(delete(members).where(members.c.session == bindparam("of_session")))
_MEMBERS = Prepared(
    select(
        members.c.session,
        members.c.service,
        members.c.host,
        members.c.pid,
        members.c.started_at_us,
        members.c.capabilities,
    ).order_by(members.c.started_at_us, members.c.session, members.c.service)
)


class EmbeddedRecoveryNodes(RecoveryNodes):
    """Nodes and members in SQLite. Every method may raise what ``Database`` raises."""

    def __init__(self, database: Database, session: str, leads: LeadFiles) -> None:
        self._database = database
        self._session = session
        self._leads = leads
        self._started_at_us = now_us()
        self._close_lock = threading.Lock()
        self._closed = False
        database.sessions.hold(session)

    @property
    def session(self) -> str:
        """As ``RecoveryNodes.session``."""
        return self._session

    def join(self, service: str, capabilities: Mapping[str, Any]) -> None:
        """As ``RecoveryNodes.join``."""
        row = {
            "session": self._session,
            "service": service,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started_at_us": self._started_at_us,
            "capabilities": to_text(capabilities),
        }

        def enter(connection: Connection) -> None:
            for (session,) in {found[:1] for found in _MEMBERS.run(connection).fetchall()}:
                if not self._database.sessions.alive(session):
                    _LEAVE.run(connection, of_session=session)
            _JOIN.run(connection, **row)

        self._database.write(enter)

    def members(self) -> list[Member]:
        """As ``RecoveryNodes.members``."""
        rows = self._database.read(lambda connection: _MEMBERS.run(connection).fetchall())
        alive = self._alive({row[0] for row in rows})
        return [
            Member(
                session=session,
                service=service,
                host=host,
                pid=pid,
                started_at_us=started_at_us,
                capabilities=from_text(capabilities),
            )
            for session, service, host, pid, started_at_us, capabilities in rows
            if alive[session]
        ]

    def create(self, *experiment_ids: str) -> None:
        """As ``RecoveryNodes.create``."""
        rows = [{"experiment_id": experiment_id, "owner": self._session} for experiment_id in experiment_ids]
        self._database.write(lambda connection: _CREATE.run_many(connection, rows))

    def claim(self, experiment_id: str) -> bool:
        """As ``RecoveryNodes.claim``."""
        found = self._database.read(lambda connection: _OWNER.run(connection, of_experiment=experiment_id).fetchone())
        if found is None:
            return False
        (owner,) = found
        if owner == self._session:
            return True
        if self._database.sessions.alive(owner):
            return False

        def take_over(connection: Connection) -> bool:
            # Only from the owner that was seen to be dead: another session may have been quicker.
            changed = _CLAIM.run(connection, of_experiment=experiment_id, seen=owner, new_owner=self._session)
            return changed.rowcount == 1

        return self._database.write(take_over)

    def remove(self, *experiment_ids: str) -> None:
        """As ``RecoveryNodes.remove``."""
        rows = [{"of_experiment": experiment_id} for experiment_id in experiment_ids]
        # Not waited for: recovery removes a node that a crash has left to an experiment that has ended.
        self._database.write_early(lambda connection: _REMOVE.run_many(connection, rows))

    def nodes(self) -> list[RecoveryNode]:
        """As ``RecoveryNodes.nodes``."""
        rows = self._database.read(lambda connection: _NODES.run(connection).fetchall())
        alive = self._alive({owner for _experiment_id, owner in rows})
        return [
            RecoveryNode(experiment_id=experiment_id, owner=owner, owner_alive=alive[owner])
            for experiment_id, owner in rows
        ]

    def lead(self, role: str) -> bool:
        """As ``RecoveryNodes.lead``. Raises what ``LeadFiles.lead`` raises."""
        return self._leads.lead(role)

    def resign(self, role: str) -> None:
        """As ``RecoveryNodes.resign``."""
        self._leads.resign(role)

    def close(self) -> None:
        """As ``RecoveryNodes.close``."""
        with self._close_lock:
            if self._closed:
                return
            self._closed = True
        self._leads.close()

        def leave(connection: Connection) -> None:
            # Other ports of this process may keep the session alive, so its nodes have to be given up by name.
            _DISOWN.run(connection, of_session=self._session, nobody="")
            _LEAVE.run(connection, of_session=self._session)

        try:
            self._database.write(leave)
        finally:
            self._database.sessions.let_go(self._session)
            self._database.close()

    def _alive(self, sessions: set[str]) -> dict[str, bool]:
        return {session: self._database.sessions.alive(session) for session in sessions}


def open_recovery_nodes(context: BackingContext) -> RecoveryNodes:
    """Entry point ``embedded``.

    Raises ``DeniedError``, ``StoreUnavailableError``, ``DocumentError``, and
    ``ConflictError`` if another living process has the same session.
    """
    context.settled_options()
    database = open_database(context.home)
    try:
        return EmbeddedRecoveryNodes(database, context.session, LeadFiles(context.home))
    except BaseException:
        database.close()
        raise
