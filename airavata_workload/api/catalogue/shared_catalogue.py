"""Who may change compute and storage resources, which all gateways of an installation share.

Everybody who is authenticated reads them: they hold no secrets, and clients
list them before they know what they may use. An administrator of any gateway
registers new ones. One is changed or deleted by an administrator of the only
gateway that uses it, or of any while none does: otherwise a gateway could turn
the logins of another one to a machine of its choice. What several gateways use
is changed by the internal services alone, that is, from this machine or with
a client certificate.

A gateway uses a resource that its resource profile, one of its group resource
profiles or one of its application deployments names.
"""

from __future__ import annotations

from airavata_workload.api.access.permission import require_admin
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import ConflictError, DeniedError
from airavata_workload.ports.record_store import Query, Records
from airavata_workload.records.applications import ApplicationDeployment
from airavata_workload.records.compute_resources import ComputeResource
from airavata_workload.records.gateway_profiles import GatewayResourceProfile
from airavata_workload.records.group_profiles import GroupResourceProfile
from airavata_workload.records.storage_resources import StorageResource


def require_shared_write(records: Records, caller: Caller, resource_id: str, doing: str) -> None:
    """Let pass who may change the compute or storage resource. Raises ``DeniedError``."""
    require_admin(caller, doing)
    if caller.internal or not _others_use(records, caller.gateway, resource_id):
        return
    raise DeniedError(
        f"'{resource_id}' is used by another gateway as well, so an administrator of gateway '{caller.gateway}' may "
        f"not {doing}.",
        remedy="Register a resource of your own, or ask the operator of the installation.",
    )


def require_free_id(records: Records, resource_id: str) -> None:
    """Raise ``ConflictError`` for an id that a compute or storage resource has: clusters are called by it alone."""
    if records.get(ComputeResource, resource_id) is not None or records.get(StorageResource, resource_id) is not None:
        raise ConflictError(
            f"There is a resource '{resource_id}' already.", remedy="Leave the id unset, then one is made."
        )


def _others_use(records: Records, gateway_id: str, resource_id: str) -> bool:
    deployments = records.count_by(
        ApplicationDeployment, "gateway_id", Query(equal={"compute_host_id": resource_id})
    ).keys()
    if set(deployments) - {gateway_id}:
        return True
    return any(
        profile.gateway_id != gateway_id and resource_id in _named(profile)
        for profile in records.find(GatewayResourceProfile)
    ) or any(
        profile.gateway_id != gateway_id
        and any(each.compute_resource_id == resource_id for each in profile.compute_preferences or ())
        for profile in records.find(GroupResourceProfile)
    )


def _named(profile: GatewayResourceProfile) -> set[str]:
    compute = {each.compute_resource_id for each in profile.compute_resource_preferences or ()}
    return compute | {each.storage_resource_id for each in profile.storage_preferences or ()}
