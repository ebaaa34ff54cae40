"""Application interfaces: what the applications of a gateway take and give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from airavata_workload.api import request_check as check
from airavata_workload.api.access.existing_gateway import require_existing_gateway
from airavata_workload.api.access.permission import missing, require_admin, require_gateway
from airavata_workload.domain.caller import Caller
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.application_io import InputDataObject, OutputDataObject
from airavata_workload.records.applications import ApplicationDeployment, ApplicationInterface, ApplicationModule
from airavata_workload.records.compute_resources import ComputeResource


class ApplicationInterfaces:
    """Registers interfaces, changes them and tells of them.

    Everybody of the gateway reads them, its administrators change them.
    Raises ``NotFoundError``, ``DeniedError`` and ``InputError``.
    """

    def __init__(self, *, records: RecordStore) -> None:
        self._records = records

    # -- one ----------------------------------------------------------------------------
    def register(self, caller: Caller, gateway_id: str, application_interface: ApplicationInterface) -> str:
        """Store a new interface; returns its id ``<application name>_<uuid>``."""
        require_existing_gateway(self._records, caller, gateway_id)
        require_admin(caller, "register application interfaces")
        with self._records.transaction() as records:
            new = _checked(records, gateway_id, application_interface)
            given = application_interface.application_interface_id
            identifier = check.chosen_id(given, new.application_name, "application_interface_id")
            records.add(replace(new, application_interface_id=identifier))
        return identifier

    def clone(
        self,
        caller: Caller,
        existing_app_interface_id: str,
        new_application_name: str,
        gateway_id: str | None = None,
    ) -> str:
        """Store a copy under another name, by default in the same gateway; returns its id."""
        old = self.get(caller, existing_app_interface_id)
        new = replace(old, application_interface_id="", application_name=new_application_name)
        return self.register(caller, gateway_id or old.gateway_id, new)

    def get(self, caller: Caller, app_interface_id: str) -> ApplicationInterface:
        """An interface."""
        with self._records.reading() as records:
            return interface_of(records, caller, app_interface_id)

    def update(self, caller: Caller, app_interface_id: str, application_interface: ApplicationInterface) -> bool:
        """Put another description in its place."""
        require_admin(caller, "change application interfaces")
        with self._records.transaction() as records:
            old = interface_of(records, caller, app_interface_id)
            new = _checked(records, old.gateway_id, application_interface)
            records.put(replace(new, application_interface_id=old.application_interface_id))
        return True

    def delete(self, caller: Caller, app_interface_id: str) -> bool:
        """Forget an interface; experiments that were made with it keep their inputs and outputs."""
        require_admin(caller, "delete application interfaces")
        with self._records.transaction() as records:
            interface_of(records, caller, app_interface_id)
            records.delete(ApplicationInterface, app_interface_id)
        return True

    def inputs(self, caller: Caller, app_interface_id: str) -> tuple[InputDataObject, ...]:
        """What the application takes, in the order that its inputs give themselves."""
        inputs = self.get(caller, app_interface_id).application_inputs or ()
        return tuple(sorted(inputs, key=lambda each: each.input_order or 0))

    def outputs(self, caller: Caller, app_interface_id: str) -> tuple[OutputDataObject, ...]:
        """What the application gives."""
        return self.get(caller, app_interface_id).application_outputs or ()

    def compute_resources(self, caller: Caller, app_interface_id: str) -> Mapping[str, str]:
        """The host names, by id, of the enabled compute resources on which a module of the interface is deployed."""
        with self._records.reading() as records:
            interface = interface_of(records, caller, app_interface_id)
            modules = tuple(interface.application_modules or ())
            equal = {"gateway_id": interface.gateway_id, "app_module_id": modules}
            hosts = tuple(records.count_by(ApplicationDeployment, "compute_host_id", Query(equal=equal)))
            found = records.find(ComputeResource, Query(equal={"compute_resource_id": hosts}))
            return {each.compute_resource_id: each.host_name for each in found if each.enabled is not False}

    # -- several ------------------------------------------------------------------------
    def names(self, caller: Caller, gateway_id: str) -> Mapping[str, str]:
        """The names of all applications of the gateway, by id of the interface."""
        return {each.application_interface_id: each.application_name for each in self.all(caller, gateway_id)}

    def all(self, caller: Caller, gateway_id: str) -> tuple[ApplicationInterface, ...]:
        """All interfaces of the gateway, by name."""
        require_gateway(caller, gateway_id)
        which = Query(equal={"gateway_id": gateway_id})
        with self._records.reading() as records:
            return tuple(records.find(ApplicationInterface, which, order_by="application_name"))


def interface_of(records: Records, caller: Caller, app_interface_id: str | None) -> ApplicationInterface:
    """The interface, if it exists for the caller. Raises ``NotFoundError``."""
    what = f"application interface '{app_interface_id or ''}'"
    interface = check.found(records.get(ApplicationInterface, app_interface_id) if app_interface_id else None, what)
    require_gateway(caller, interface.gateway_id, what)
    return interface


def _checked(records: Records, gateway_id: str, interface: ApplicationInterface) -> ApplicationInterface:
    name = check.given(interface.application_name, "application_name")
    modules = tuple(interface.application_modules or ())
    known = records.keys(ApplicationModule, Query(equal={"gateway_id": gateway_id, "app_module_id": modules}))
    unknown = [each for each in modules if each not in known]
    if unknown:
        raise missing(f"application module '{unknown[0]}'")
    for field in ("application_inputs", "application_outputs"):
        names = [check.given(each.name, f"{field}.name") for each in getattr(interface, field) or ()]
        check.unique(names, field)
    return replace(interface, application_name=name, gateway_id=gateway_id)
