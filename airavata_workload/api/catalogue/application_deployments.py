"""Application deployments: where and how the applications of a gateway are installed."""

from __future__ import annotations

import re
from dataclasses import replace

from airavata_workload.api import request_check as check
from airavata_workload.api.access.permission import missing, require_admin, require_gateway, require_writer
from airavata_workload.api.catalogue.compute_resources import compute_resource_of
from airavata_workload.api.profiles.group_profiles import GroupProfiles
from airavata_workload.api.sharing.sharing import Sharing
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.applications import ApplicationDeployment, ApplicationModule
from airavata_workload.records.compute_resources import ComputeResource
from airavata_workload.records.gateway_profiles import GatewayResourceProfile
from airavata_workload.records.groups import ResourcePermissionType, ResourceType

READ = ResourcePermissionType.READ
WRITE = ResourcePermissionType.WRITE
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class ApplicationDeployments:
    """Registers deployments, changes them and tells of them.

    A deployment holds lines of job scripts that run as the gateway, so an
    administrator registers it; whoever is given WRITE on it may change it, and
    those with READ use it. A list shows a deployment to those who may read it
    once a resource profile lets them use its compute resource, administrators
    all of them. Raises ``NotFoundError``, ``DeniedError`` and ``InputError``.
    """

    def __init__(self, *, records: RecordStore, sharing: Sharing, group_profiles: GroupProfiles) -> None:
        self._records = records
        self._sharing = sharing
        self._group_profiles = group_profiles

    # -- one ----------------------------------------------------------------------------
    def register(self, caller: Caller, gateway_id: str, application_deployment: ApplicationDeployment) -> str:
        """Store a new deployment of the caller; returns its id ``<host name>_<module id>``.

        The id ends in a UUID of its own if that form is taken.
        """
        require_gateway(caller, gateway_id)
        require_admin(caller, "register application deployments")
        with self._records.transaction() as records:
            resource = _checked_parts(records, caller, gateway_id, application_deployment)
            identifier = _new_id(records, application_deployment, resource)
            records.add(replace(application_deployment, app_deployment_id=identifier, gateway_id=gateway_id))
            if not caller.internal:  # a peer of the internal services tells the sharing service itself
                self._sharing.register_entity(
                    caller,
                    identifier,
                    ResourceType.APPLICATION_DEPLOYMENT,
                    identifier,
                    application_deployment.app_deployment_description or "",
                    within=records,
                )
        return identifier

    def get(self, caller: Caller, app_deployment_id: str) -> ApplicationDeployment:
        """A deployment."""
        with self._records.reading() as records:
            return self._deployment(records, caller, app_deployment_id, READ)

    def update(self, caller: Caller, app_deployment_id: str, application_deployment: ApplicationDeployment) -> bool:
        """Put another description in its place."""
        require_writer(caller, "change application deployments")
        with self._records.transaction() as records:
            old = self._deployment(records, caller, app_deployment_id, WRITE)
            _checked_parts(records, caller, old.gateway_id, application_deployment)
            new = replace(application_deployment, app_deployment_id=old.app_deployment_id, gateway_id=old.gateway_id)
            records.put(new)
        return True

    def delete(self, caller: Caller, app_deployment_id: str) -> bool:
        """Forget a deployment, and with whom it was shared."""
        require_writer(caller, "delete application deployments")
        with self._records.transaction() as records:
            deployment = self._deployment(records, caller, app_deployment_id, WRITE)
            records.delete(ApplicationDeployment, app_deployment_id)
            self._sharing.delete_entity(caller, app_deployment_id, gateway_id=deployment.gateway_id)
        return True

    # -- several ------------------------------------------------------------------------
    def all(self, caller: Caller, gateway_id: str) -> tuple[ApplicationDeployment, ...]:
        """All deployments of the gateway for administrators and internal peers; for others as ``accessible``."""
        if not caller.sees_everything:
            return self.accessible(caller, gateway_id)
        require_gateway(caller, gateway_id)
        return self._find(Query(equal={"gateway_id": gateway_id}))

    def accessible(
        self, caller: Caller, gateway_id: str, permission_type: ResourcePermissionType = READ
    ) -> tuple[ApplicationDeployment, ...]:
        """The deployments on which the caller holds the permission, on hosts that a resource profile lets them use."""
        require_gateway(caller, gateway_id)
        return self._usable(caller, gateway_id, self._hosts(caller, gateway_id), permission=permission_type)

    def for_module_and_profile(
        self, caller: Caller, app_module_id: str, group_resource_profile_id: str
    ) -> tuple[ApplicationDeployment, ...]:
        """The deployments of a module that the caller may use, on the hosts of a group resource profile."""
        profile = self._group_profiles.get(caller, group_resource_profile_id)
        hosts = tuple(each.compute_resource_id for each in profile.compute_preferences or ())
        return self._usable(caller, profile.gateway_id, hosts, app_module_id)

    def ids_of_module(self, caller: Caller, app_module_id: str) -> tuple[str, ...]:
        """The ids of the deployments of a module that the caller may read.

        Source: Airavata 0.16 to 0.21, ``getAppModuleDeployedResources``: not the ids of the hosts, as its name says.
        """
        return tuple(each.app_deployment_id for each in self.of_module(caller, app_module_id))

    def of_module(self, caller: Caller, app_module_id: str) -> tuple[ApplicationDeployment, ...]:
        """The deployments of a module that the caller may read, wherever they are."""
        with self._records.reading() as records:
            gateway_id = _module_gateway(records, caller, app_module_id)
            return self._usable(caller, gateway_id, None, app_module_id)

    def accessible_among(
        self,
        caller: Caller,
        gateway_id: str,
        accessible_app_deployment_ids: tuple[str, ...],
        accessible_compute_resource_ids: tuple[str, ...],
    ) -> tuple[ApplicationDeployment, ...]:
        """Those of the deployments that are on one of the compute resources; for internal peers."""
        require_gateway(caller, gateway_id)
        equal = {
            "gateway_id": gateway_id,
            "app_deployment_id": accessible_app_deployment_ids,
            "compute_host_id": accessible_compute_resource_ids,
        }
        return self._find(Query(equal=equal))

    def accessible_among_of_module(
        self,
        caller: Caller,
        gateway_id: str,
        app_module_id: str,
        accessible_app_deployment_ids: tuple[str, ...],
        accessible_compute_resource_ids: tuple[str, ...],
    ) -> tuple[ApplicationDeployment, ...]:
        """Those of ``accessible_among`` that are of the module."""
        ids, hosts = accessible_app_deployment_ids, accessible_compute_resource_ids
        found = self.accessible_among(caller, gateway_id, ids, hosts)
        return tuple(each for each in found if each.app_module_id == app_module_id)

    # -- the parts of it ----------------------------------------------------------------
    def _usable(
        self,
        caller: Caller,
        gateway_id: str,
        hosts: tuple[str, ...] | None,
        app_module_id: str = "",
        permission: ResourcePermissionType = READ,
    ) -> tuple[ApplicationDeployment, ...]:
        visible = self._sharing.visible(caller, permission)
        equal: dict[str, str | tuple[str, ...]] = {"gateway_id": gateway_id}
        if hosts is not None:
            equal["compute_host_id"] = hosts
        if app_module_id:
            equal["app_module_id"] = app_module_id
        return self._find(Query(equal=equal, among={} if visible is None else {"app_deployment_id": visible}))

    def _hosts(self, caller: Caller, gateway_id: str) -> tuple[str, ...]:
        profiles = self._group_profiles.accessible(caller, gateway_id)
        hosts = {each.compute_resource_id for profile in profiles for each in profile.compute_preferences or ()}
        with self._records.reading() as records:
            own = records.get(GatewayResourceProfile, gateway_id)
        if own is not None:
            hosts |= {each.compute_resource_id for each in own.compute_resource_preferences or ()}
        return tuple(hosts)

    def _find(self, which: Query) -> tuple[ApplicationDeployment, ...]:
        with self._records.reading() as records:
            return tuple(records.find(ApplicationDeployment, which))

    def _deployment(
        self, records: Records, caller: Caller, deployment_id: str | None, permission: ResourcePermissionType
    ) -> ApplicationDeployment:
        what = f"application deployment '{deployment_id or ''}'"
        deployment = check.found(records.get(ApplicationDeployment, deployment_id) if deployment_id else None, what)
        require_gateway(caller, deployment.gateway_id, what)
        self._sharing.require(caller, deployment.app_deployment_id, permission, what)
        return deployment


def _module_gateway(records: Records, caller: Caller, app_module_id: str | None) -> str:
    what = f"application module '{app_module_id or ''}'"
    module = check.found(records.get(ApplicationModule, app_module_id) if app_module_id else None, what)
    require_gateway(caller, module.gateway_id, what)
    return module.gateway_id


def _new_id(records: Records, deployment: ApplicationDeployment, resource: ComputeResource) -> str:
    if not check.is_new(deployment.app_deployment_id):
        return check.plain_id(deployment.app_deployment_id, "app_deployment_id")
    usual = f"{resource.host_name}_{deployment.app_module_id}"
    return usual if records.get(ApplicationDeployment, usual) is None else check.new_id(usual)


def _checked_parts(
    records: Records, caller: Caller, gateway_id: str, deployment: ApplicationDeployment
) -> ComputeResource:
    """The host, after all fields have been looked at."""
    if _module_gateway(records, caller, deployment.app_module_id) != gateway_id:
        raise missing(f"application module '{deployment.app_module_id}'")
    resource = compute_resource_of(records, deployment.compute_host_id)
    check.one_line(check.given(deployment.executable_path, "executable_path"), "executable_path")
    for field in ("default_node_count", "default_cpu_count", "default_wall_time_min"):
        check.not_negative(getattr(deployment, field), field)
    for field in ("module_load_cmds", "pre_job_commands", "post_job_commands"):
        for command in getattr(deployment, field) or ():
            check.one_line(command.command, field)
    for field in ("lib_prepend_paths", "lib_append_paths", "set_environment"):
        for variable in getattr(deployment, field) or ():
            if not _VARIABLE.fullmatch(variable.name or ""):
                raise InputError(
                    f"{field} names {variable.name!r}, which is not a variable.",
                    remedy="Use letters, digits and '_', the first not a digit.",
                )
            check.one_line(variable.value, f"{field}[{variable.name}]")
    return resource
