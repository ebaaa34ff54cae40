"""Application modules: the applications of a gateway by their names."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.api import request_check as check
from airavata_workload.api.access.existing_gateway import require_existing_gateway
from airavata_workload.api.access.permission import require_admin, require_gateway
from airavata_workload.api.catalogue.application_deployments import ApplicationDeployments
from airavata_workload.domain.caller import Caller
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.applications import ApplicationDeployment, ApplicationModule


class ApplicationModules:
    """Registers modules, changes them and tells of them.

    Everybody of the gateway reads them, its administrators change them.
    Raises ``NotFoundError``, ``DeniedError`` and ``InputError``.
    """

    def __init__(self, *, records: RecordStore, deployments: ApplicationDeployments) -> None:
        self._records = records
        self._deployments = deployments

    def register(self, caller: Caller, gateway_id: str, application_module: ApplicationModule) -> str:
        """Store a new module; returns its id ``<name>_<uuid>``."""
        require_existing_gateway(self._records, caller, gateway_id)
        require_admin(caller, "register application modules")
        name = check.given(application_module.app_module_name, "app_module_name")
        identifier = check.chosen_id(application_module.app_module_id, name, "app_module_id")
        with self._records.transaction() as records:
            records.add(
                replace(application_module, app_module_id=identifier, app_module_name=name, gateway_id=gateway_id)
            )
        return identifier

    def get(self, caller: Caller, app_module_id: str) -> ApplicationModule:
        """A module."""
        with self._records.reading() as records:
            return module_of(records, caller, app_module_id)

    def update(self, caller: Caller, app_module_id: str, application_module: ApplicationModule) -> bool:
        """Put another description in its place."""
        require_admin(caller, "change application modules")
        name = check.given(application_module.app_module_name, "app_module_name")
        with self._records.transaction() as records:
            old = module_of(records, caller, app_module_id)
            fixed = {"app_module_id": old.app_module_id, "gateway_id": old.gateway_id}
            records.put(replace(application_module, app_module_name=name, **fixed))
        return True

    def delete(self, caller: Caller, app_module_id: str) -> bool:
        """Forget a module. Raises ``ConflictError`` while it is deployed somewhere."""
        require_admin(caller, "delete application modules")
        with self._records.transaction() as records:
            module_of(records, caller, app_module_id)
            deployed = records.keys(ApplicationDeployment, Query(equal={"app_module_id": app_module_id}))
            check.unused(f"application module '{app_module_id}'", deployed, "application deployment")
            records.delete(ApplicationModule, app_module_id)
        return True

    def all(self, caller: Caller, gateway_id: str) -> tuple[ApplicationModule, ...]:
        """All modules of the gateway, by name."""
        require_gateway(caller, gateway_id)
        return self._find(Query(equal={"gateway_id": gateway_id}))

    def accessible(self, caller: Caller, gateway_id: str) -> tuple[ApplicationModule, ...]:
        """The modules with a deployment that the caller may use, by name."""
        return self._of(gateway_id, self._deployments.accessible(caller, gateway_id))

    def accessible_among(
        self,
        caller: Caller,
        gateway_id: str,
        accessible_app_deployment_ids: tuple[str, ...],
        accessible_compute_resource_ids: tuple[str, ...],
    ) -> tuple[ApplicationModule, ...]:
        """The modules of those of the deployments that are on one of the compute resources; for internal peers."""
        ids = accessible_app_deployment_ids
        found = self._deployments.accessible_among(caller, gateway_id, ids, accessible_compute_resource_ids)
        return self._of(gateway_id, found)

    def _of(self, gateway_id: str, deployments: tuple[ApplicationDeployment, ...]) -> tuple[ApplicationModule, ...]:
        ids = tuple({each.app_module_id for each in deployments})
        return self._find(Query(equal={"gateway_id": gateway_id, "app_module_id": ids}))

    def _find(self, which: Query) -> tuple[ApplicationModule, ...]:
        with self._records.reading() as records:
            return tuple(records.find(ApplicationModule, which, order_by="app_module_name"))


def module_of(records: Records, caller: Caller, app_module_id: str | None) -> ApplicationModule:
    """The module, if it exists for the caller. Raises ``NotFoundError``."""
    what = f"application module '{app_module_id or ''}'"
    module = check.found(records.get(ApplicationModule, app_module_id) if app_module_id else None, what)
    require_gateway(caller, module.gateway_id, what)
    return module
