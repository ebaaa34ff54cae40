"""Projects: what users keep their experiments in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from airavata_workload.api.access.existing_gateway import require_existing_gateway
from airavata_workload.api.access.permission import (
    missing,
    require_gateway,
    require_internal,
    require_user,
    require_writer,
)
from airavata_workload.api.access.viewpoint import eyes_of
from airavata_workload.api.request_check import given, new_id, page
from airavata_workload.api.sharing.sharing import READ, WRITE, Sharing
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import ConflictError
from airavata_workload.domain.thing import Thing, ThingKind
from airavata_workload.ports.record_store import Query, RecordStore
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.groups import ResourceType
from airavata_workload.records.projects import Project, ProjectSearchFields
from airavata_workload.records.sharing import Entity

_COLUMNS: Mapping[ProjectSearchFields, str] = {
    ProjectSearchFields.PROJECT_NAME: "name",
    ProjectSearchFields.PROJECT_DESCRIPTION: "description",
}


class Projects:
    """Makes, finds and changes projects.

    Methods raise ``NotFoundError`` for a project that the caller's gateway
    does not have, ``DeniedError`` for one that is not shared with them.
    """

    def __init__(self, *, records: RecordStore, sharing: Sharing, clock: Clock) -> None:
        self._records = records
        self._sharing = sharing
        self._clock = clock

    def create(self, caller: Caller, gateway_id: str, project: Project) -> str:
        """Store a new project; returns its id. An administrator may make one for another user."""
        require_existing_gateway(self._records, caller, gateway_id)
        owner = project.owner or caller.user
        require_user(caller, owner, "make a project for another user")
        name = given(project.name, "The project's name")
        stored = replace(
            project,
            project_id=new_id(name),
            owner=owner,
            gateway_id=gateway_id,
            name=name,
            created_at_ms=self._clock() // 1000,
        )
        with self._records.transaction() as records:
            records.add(stored)
            self._sharing.register_entity(
                caller,
                stored.project_id,
                ResourceType.PROJECT,
                name,
                stored.description or "",
                owner=owner,
                gateway_id=gateway_id,
                within=records,
            )
        return stored.project_id

    def get(self, caller: Caller, project_id: str) -> Project:
        """One project."""
        project = self._stored(caller, project_id)
        self._sharing.require(caller, project_id, READ, Thing(ThingKind.PROJECT, project_id))
        return project

    def require_room(self, caller: Caller, project_id: str, gateway_id: str) -> None:
        """Raise unless the caller may put experiments of that gateway into the project."""
        project = self._stored(caller, project_id)
        if project.gateway_id != gateway_id:
            raise missing(Thing(ThingKind.PROJECT, project_id))
        if project.owner != caller.user:
            self._sharing.require(caller, project_id, WRITE, Thing(ThingKind.PROJECT, project_id))

    def update(self, caller: Caller, project_id: str, project: Project) -> None:
        """Change name and description; whose it is stays."""
        require_writer(caller)
        with self._records.transaction() as records:
            old = self._stored(caller, project_id)
            self._sharing.require(caller, project_id, WRITE, Thing(ThingKind.PROJECT, project_id))
            new = replace(old, name=given(project.name, "The project's name"), description=project.description)
            records.put(new)
            self._sharing.update_entity(
                caller, project_id, name=new.name, description=new.description or "", gateway_id=old.gateway_id
            )

    def delete(self, caller: Caller, project_id: str) -> bool:
        """Remove a project. Raises ``ConflictError`` while it holds experiments."""
        with self._records.transaction() as records:
            project = self._stored(caller, project_id)
            require_user(caller, project.owner, "delete another user's project")
            # Whoever puts an experiment into it locks its entity: none is put there between the count and the end.
            records.get(Entity, Entity.key_of(project.gateway_id, project_id))
            count = records.count(GatewayExperiment, Query(equal={"project_id": project_id}))
            if count:
                raise ConflictError(
                    f"Project '{project_id}' holds {count} experiments.", remedy="Delete them, or keep the project."
                )
            self._sharing.delete_entity(caller, project_id, gateway_id=project.gateway_id)
            return records.delete(Project, project_id)

    def of_user(
        self, caller: Caller, gateway_id: str, user_name: str, limit: int = -1, offset: int = 0
    ) -> tuple[Project, ...]:
        """The user's projects and those shared with them, the newest first. A negative limit is none."""
        return self.search(caller, gateway_id, user_name, {}, limit, offset)

    def search(
        self,
        caller: Caller,
        gateway_id: str,
        user_name: str,
        filters: Mapping[ProjectSearchFields, str] | None = None,
        limit: int = -1,
        offset: int = 0,
    ) -> tuple[Project, ...]:
        """The same, of projects whose name or description holds a text."""
        visible = self._sharing.visible(eyes_of(caller, gateway_id, user_name), READ)
        among = {} if visible is None else {"project_id": visible}
        return self._found(Query(equal={"gateway_id": gateway_id}, among=among), filters, limit, offset)

    def search_among(
        self,
        caller: Caller,
        gateway_id: str,
        user_name: str,
        project_ids: tuple[str, ...],
        filters: Mapping[ProjectSearchFields, str] | None = None,
        limit: int = -1,
        offset: int = 0,
    ) -> tuple[Project, ...]:
        """The same for an internal peer, who says which projects the user may see; by default those of the user."""
        require_internal(caller, "search for others")
        own = {"project_id": tuple(project_ids)} if project_ids else {"owner": user_name}
        return self._found(Query(equal={"gateway_id": gateway_id, **own}), filters, limit, offset)

    def _found(
        self, which: Query, filters: Mapping[ProjectSearchFields, str] | None, limit: int, offset: int
    ) -> tuple[Project, ...]:
        which = replace(which, contains={_COLUMNS[field]: text for field, text in (filters or {}).items()})
        count, start = page(limit, offset)
        with self._records.reading() as records:
            found = records.find(Project, which, order_by="created_at_ms", descending=True, limit=count, offset=start)
        return tuple(found)

    def _stored(self, caller: Caller, project_id: str) -> Project:
        with self._records.reading() as records:
            project = records.get(Project, given(project_id, "The project's id"))
        if project is None:
            raise missing(Thing(ThingKind.PROJECT, project_id))
        require_gateway(caller, project.gateway_id, Thing(ThingKind.PROJECT, project_id))
        return project
