"""Workflow templates, as portals' workflow editors keep them."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.api import request_check as check
from airavata_workload.api.access.existing_gateway import require_existing_gateway
from airavata_workload.api.access.permission import require_gateway, require_user, require_writer
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import ConflictError
from airavata_workload.ports.record_store import EVERYTHING, Query, Records, RecordStore
from airavata_workload.records.gateways import Gateway
from airavata_workload.records.workflows import Workflow


class Workflows:
    """Keeps workflow templates: everybody of the gateway reads them, who made one and administrators change it.

    A name belongs to one template of a gateway. ``clock`` gives microseconds.
    Raises ``NotFoundError``, ``DeniedError`` and ``InputError``.
    """

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def own_ids(self, caller: Caller) -> tuple[str, ...]:
        """The ids of all templates of the caller's gateway; for internal peers of all gateways."""
        which = EVERYTHING if caller.internal else Query(equal={"gateway_id": caller.gateway})
        with self._records.reading() as records:
            return tuple(records.keys(Workflow, which))

    def ids(self, caller: Caller, gateway_id: str) -> tuple[str, ...]:
        """The ids of all templates of the gateway."""
        require_gateway(caller, gateway_id)
        with self._records.reading() as records:
            return tuple(records.keys(Workflow, Query(equal={"gateway_id": gateway_id})))

    def get(self, caller: Caller, workflow_template_id: str) -> Workflow:
        """A template."""
        with self._records.reading() as records:
            return _workflow(records, caller, workflow_template_id)

    def register(self, caller: Caller, gateway_id: str, workflow: Workflow) -> str:
        """Store a new template of the caller; returns its id ``<name>_<uuid>``.

        Raises ``ConflictError`` for a name that is taken.
        """
        require_existing_gateway(self._records, caller, gateway_id)
        require_writer(caller, "register workflows")
        name = check.given(workflow.name, "name")
        identifier = check.chosen_id(workflow.template_id, name, "template_id")
        creator = (workflow.created_user or caller.user) if caller.is_admin else caller.user
        new = replace(
            workflow,
            template_id=identifier,
            name=name,
            gateway_id=gateway_id,
            created_user=creator,
            created_at_ms=self._clock() // 1000,
        )
        with self._records.transaction() as records:
            _require_free_name(records, new)
            records.add(new)
        return identifier

    def register_own(self, caller: Caller, workflow: Workflow) -> str:
        """As ``register``, in the caller's gateway; internal peers act for the one that the template names."""
        return self.register(caller, workflow.gateway_id if caller.internal else caller.gateway, workflow)

    def update(self, caller: Caller, workflow_template_id: str, workflow: Workflow) -> None:
        """Put another description in its place."""
        name = check.given(workflow.name, "name")
        with self._records.transaction() as records:
            old = _workflow(records, caller, workflow_template_id)
            require_user(caller, old.created_user, "change a workflow of another user")
            new = replace(
                workflow,
                template_id=old.template_id,
                name=name,
                gateway_id=old.gateway_id,
                created_user=old.created_user,
                created_at_ms=old.created_at_ms,
            )
            _require_free_name(records, new)
            records.put(new)

    def delete(self, caller: Caller, workflow_template_id: str) -> None:
        """Forget a template."""
        with self._records.transaction() as records:
            old = _workflow(records, caller, workflow_template_id)
            require_user(caller, old.created_user, "delete a workflow of another user")
            records.delete(Workflow, old.template_id)

    def id_of(self, caller: Caller, workflow_name: str) -> str:
        """The id of the template of that name in the caller's gateway.

        Raises ``ConflictError`` for an internal peer, who does not say for which gateway, if several have the name.
        """
        with self._records.reading() as records:
            found = records.keys(Workflow, _named(caller, workflow_name))
        if len(found) > 1:
            raise ConflictError(
                f"{len(found)} gateways have a workflow named '{workflow_name}'.",
                remedy="List the workflows of the gateway, and compare their names.",
            )
        return check.found(found[0] if found else None, f"workflow named '{workflow_name}'")

    def exists(self, caller: Caller, workflow_name: str) -> bool:
        """Whether there is a template of that name in the caller's gateway."""
        with self._records.reading() as records:
            return records.count(Workflow, _named(caller, workflow_name)) > 0


def _named(caller: Caller, name: str) -> Query:
    """Internal peers do not say for which gateway they ask."""
    return Query(equal={"name": name} if caller.internal else {"name": name, "gateway_id": caller.gateway})


def _require_free_name(records: Records, workflow: Workflow) -> None:
    # Of two who come with one name at once the second waits here for the first to be done.
    records.get(Gateway, workflow.gateway_id)
    taken = records.keys(Workflow, Query(equal={"name": workflow.name, "gateway_id": workflow.gateway_id}))
    if any(each != workflow.template_id for each in taken):
        raise ConflictError(
            f"Gateway '{workflow.gateway_id}' has a workflow named '{workflow.name}' already.",
            remedy="Choose another name, or update that one.",
        )


def _workflow(records: Records, caller: Caller, template_id: str | None) -> Workflow:
    what = f"workflow '{template_id or ''}'"
    workflow = check.found(records.get(Workflow, template_id) if template_id else None, what)
    require_gateway(caller, workflow.gateway_id, what)
    return workflow
