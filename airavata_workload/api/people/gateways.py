"""Gateways: the tenants, and the groups that each of them has."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.api.access.permission import missing, require_admin, require_gateway, require_internal
from airavata_workload.api.request_check import found, new_id, plain_id
from airavata_workload.api.sharing import principals
from airavata_workload.api.sharing.sharing_domains import add_gateway_domain
from airavata_workload.api.updates import updated
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import ConflictError, DeniedError
from airavata_workload.ports.record_store import Among, Query, Records, RecordStore
from airavata_workload.records.credentials import CredentialSummary
from airavata_workload.records.data_products import DataProduct, DataReplicaLocation
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.gateways import (
    Gateway,
    GatewayApprovalStatus,
    GatewayGroups,
    GatewayUsageReportingCommand,
)
from airavata_workload.records.kinds import KINDS
from airavata_workload.records.projects import Project
from airavata_workload.records.record import Record
from airavata_workload.records.sharing import Domain, Entity, GroupType, UserGroup

_COLUMNS = ("gateway_id", "domain_id")
"""What is a gateway's says so in one of them; the domain of what it shares has its id."""


class Gateways:
    """Registers gateways and says what is known of them.

    Administrators of ``super_gateway``, and peers of the internal services,
    see and change all of them and approve requests; where there is no super
    gateway each gateway's administrators approve their own. For everybody else
    there is no gateway but their own. A gateway's internal id is its id.
    """

    def __init__(self, *, records: RecordStore, clock: Clock, super_gateway: str = "") -> None:
        self._records = records
        self._clock = clock
        self._super_gateway = super_gateway

    def add(self, caller: Caller, gateway: Gateway) -> str:
        """Store a gateway with its groups and what sharing needs; its id.

        The caller becomes the first administrator, unless the gateway names its identity server's user. Raises
        ``ConflictError`` if there is one of that id or name, ``DeniedError`` unless the caller is an
        administrator of a gateway.
        """
        require_admin(caller, "add gateways")
        gateway_id = plain_id(gateway.gateway_id, "gatewayId")
        now_ms = self._now_ms()
        stored = replace(
            gateway,
            airavata_internal_gateway_id=gateway_id,
            gateway_approval_status=self._first_status(caller, gateway),
            requested_at_ms=gateway.requested_at_ms or now_ms,
            requester_username=gateway.requester_username or caller.user or None,
        )
        owner = gateway.identity_server_user_name or caller.user or "admin"
        with self._records.transaction() as records:
            self._refuse_twin(records, stored)
            records.add(stored)
            self._initialise(records, stored, owner, is_foretold=caller.internal)
        return gateway_id

    def ensure(self, gateway_id: str, admin: str) -> None:
        """Make a gateway exist, with ``admin`` as its administrator: for an installation of one gateway."""
        with self._records.transaction() as records:
            if records.get(Gateway, gateway_id) is None:
                gateway = Gateway(
                    gateway_id=plain_id(gateway_id, "gatewayId"),
                    airavata_internal_gateway_id=gateway_id,
                    gateway_approval_status=GatewayApprovalStatus.ACTIVE,
                    gateway_name=gateway_id,
                    requested_at_ms=self._now_ms(),
                )
                records.add(gateway)
                self._initialise(records, gateway, admin)

    def update(self, caller: Caller, gateway_id: str, updated_gateway: Gateway) -> bool:
        """Change what is set. Raises ``NotFoundError``, ``DeniedError``, ``ConflictError`` for another's name."""
        with self._records.transaction() as records:
            old = self._gateway(records, caller, gateway_id)
            require_admin(caller, "change the gateway")
            status = updated_gateway.gateway_approval_status
            if status is not old.gateway_approval_status and self._super_gateway and not self._is_operator(caller):
                raise DeniedError(
                    f"Gateway '{gateway_id}' is {old.gateway_approval_status}, and its own administrators may not "
                    f"make it {status}.",
                    remedy=f"Ask an administrator of gateway '{self._super_gateway}'.",
                )
            new = updated(
                old,
                updated_gateway,
                gateway_id=old.gateway_id,
                airavata_internal_gateway_id=old.airavata_internal_gateway_id,
                requested_at_ms=old.requested_at_ms,
            )
            self._refuse_twin(records, new)
            records.put(new)
        return True

    def update_profile(self, caller: Caller, updated_gateway: Gateway) -> bool:
        """As ``update``, of the gateway that ``updated_gateway`` is."""
        return self.update(caller, updated_gateway.gateway_id, updated_gateway)

    def get(self, caller: Caller, gateway_id: str) -> Gateway:
        """A gateway; its secrets are for administrators. Raises ``NotFoundError``."""
        with self._records.reading() as records:
            return _seen_by(caller, self._gateway(records, caller, gateway_id))

    def exists(self, caller: Caller, gateway_id: str) -> bool:
        """Whether there is a gateway of that id that the caller may know of."""
        with self._records.reading() as records:
            return self._knows(caller, gateway_id) and records.get(Gateway, gateway_id) is not None

    def all(self, caller: Caller) -> tuple[Gateway, ...]:
        """All gateways that the caller may know of, by name."""
        which = Query() if self._is_operator(caller) else Query(equal={"gateway_id": caller.gateway})
        with self._records.reading() as records:
            gateways = records.find(Gateway, which, order_by="gateway_name")
        return tuple(_seen_by(caller, each) for each in gateways)

    def requested_by(self, caller: Caller, requester_username: str) -> tuple[Gateway, ...]:
        """Those that a user asked for, of the ones that the caller may know of."""
        return tuple(each for each in self.all(caller) if each.requester_username == requester_username)

    def delete(self, caller: Caller, gateway_id: str) -> bool:
        """Forget a gateway with all that is its own: its users and groups, its catalogue, its profiles.

        Raises ``ConflictError`` while it has what somebody works with: experiments, projects, credentials and whatever
        can be shared.
        """
        with self._records.transaction() as records:
            self._gateway(records, caller, gateway_id)
            require_admin(caller, "delete the gateway")
            self._refuse_full(records, gateway_id)
            own = Query(equal={"gateway_id": gateway_id})
            products = Among(kind=DataProduct, column="product_uri", which=own)
            records.delete_all(DataReplicaLocation, Query(among={"product_uri": products}))
            for kind in KINDS:
                for column in set(_COLUMNS) & set(kind.columns()):
                    records.delete_all(kind, Query(equal={column: gateway_id}))
        return True

    # -- groups of a gateway ---------------------------------------------------------------
    def gateway_groups(self, caller: Caller) -> GatewayGroups:
        """Which groups are those of the gateway's administrators, read-only administrators and users."""
        return self.groups_of(caller, caller.gateway)

    def groups_of(self, caller: Caller, gateway_id: str) -> GatewayGroups:
        """As ``gateway_groups``, of a gateway by its id. Raises ``NotFoundError``."""
        with self._records.reading() as records:
            gateway = self._gateway(records, caller, gateway_id)
            groups = records.get(GatewayGroups, gateway_id)
        if groups is not None:
            return groups
        owner = gateway.identity_server_user_name or gateway.requester_username or "admin"
        with self._records.transaction() as records:
            return records.get(GatewayGroups, gateway_id) or self._initialise(records, gateway, owner)

    def groups_exist(self, caller: Caller, gateway_id: str) -> bool:
        """Whether a gateway has its groups."""
        require_gateway(caller, gateway_id)
        with self._records.reading() as records:
            return records.get(GatewayGroups, gateway_id) is not None

    def create_groups(self, caller: Caller, gateway_groups: GatewayGroups) -> None:
        """Store which groups are the gateway's. Raises ``ConflictError`` if that is known already."""
        require_internal(caller, "say which groups are the gateway's")
        with self._records.transaction() as records:
            self._require_groups(records, gateway_groups)
            records.add(gateway_groups)

    def update_groups(self, caller: Caller, gateway_groups: GatewayGroups) -> None:
        """Change which groups are the gateway's. Raises ``NotFoundError``."""
        require_internal(caller, "say which groups are the gateway's")
        with self._records.transaction() as records:
            found(records.get(GatewayGroups, gateway_groups.gateway_id), f"gateway '{gateway_groups.gateway_id}'")
            self._require_groups(records, gateway_groups)
            records.put(gateway_groups)

    # -- what jobs report ------------------------------------------------------------------
    def reports_usage(self, caller: Caller, gateway_id: str, compute_resource_id: str) -> bool:
        """Whether the gateway's jobs on a compute resource run a reporting command."""
        require_gateway(caller, gateway_id)
        with self._records.reading() as records:
            return records.get(GatewayUsageReportingCommand, _command_key(gateway_id, compute_resource_id)) is not None

    def reporting_command(
        self, caller: Caller, gateway_id: str, compute_resource_id: str
    ) -> GatewayUsageReportingCommand:
        """What the gateway's jobs on a compute resource run to report. Raises ``NotFoundError``."""
        require_gateway(caller, gateway_id)
        with self._records.reading() as records:
            command = records.get(GatewayUsageReportingCommand, _command_key(gateway_id, compute_resource_id))
        return found(command, f"reporting command of gateway '{gateway_id}' for '{compute_resource_id}'")

    def set_reporting_command(self, caller: Caller, command: GatewayUsageReportingCommand) -> None:
        """Store or replace what jobs run to report; only peers of the internal services may, for it is run as it is."""
        require_internal(caller, "set reporting commands")
        with self._records.transaction() as records:
            self._gateway(records, caller, command.gateway_id)
            records.put(command)

    def remove_reporting_command(self, caller: Caller, gateway_id: str, compute_resource_id: str) -> None:
        """Let jobs run no reporting command any more."""
        require_internal(caller, "remove reporting commands")
        with self._records.transaction() as records:
            records.delete(GatewayUsageReportingCommand, _command_key(gateway_id, compute_resource_id))

    # -- the parts of it ----------------------------------------------------------------------
    def _first_status(self, caller: Caller, gateway: Gateway) -> GatewayApprovalStatus:
        """Where somebody approves requests, all others make requests."""
        if self._super_gateway and not self._is_operator(caller):
            return GatewayApprovalStatus.REQUESTED
        return gateway.gateway_approval_status

    def _initialise(
        self, records: Records, gateway: Gateway, owner: str, *, is_foretold: bool = False
    ) -> GatewayGroups:
        """A sharing domain with the three groups, all owned by the first administrator."""
        gateway_id, now_ms = gateway.gateway_id, self._now_ms()
        name = gateway.gateway_name or gateway_id
        domain = Domain(
            domain_id=gateway_id, name=name, description=f"Domain entry for {name}", is_foretold=is_foretold
        )
        add_gateway_domain(records, domain, now_ms)
        owner_id = principals.principal_named(owner, gateway_id)
        # Source of the names: Apache Airavata 0.21, GatewayGroupsInitializer
        ids = [
            self._add_group(records, gateway_id, owner_id, group_name, description)
            for group_name, description in (
                ("Admin Users", "Admin users group."),
                ("Read Only Admin Users", "Group of admin users with read-only access."),
                ("Gateway Users", "Default group for users of the gateway."),
            )
        ]
        groups = GatewayGroups(
            gateway_id=gateway_id,
            admins_group_id=ids[0],
            read_only_admins_group_id=ids[1],
            default_gateway_users_group_id=ids[2],
        )
        records.put(groups)
        domain = found(records.get(Domain, gateway_id), f"domain '{gateway_id}'")
        records.put(replace(domain, initial_user_group_id=groups.default_gateway_users_group_id))
        return groups

    def _add_group(self, records: Records, gateway_id: str, owner_id: str, name: str, description: str) -> str:
        group = UserGroup(
            group_id=new_id(name),
            domain_id=gateway_id,
            name=name,
            description=description,
            owner_id=owner_id,
            group_type=GroupType.DOMAIN_LEVEL_GROUP,
        )
        return principals.add_group(records, group, self._now_ms()).group_id or ""

    @staticmethod
    def _require_groups(records: Records, groups: GatewayGroups) -> None:
        for group_id in (
            groups.admins_group_id,
            groups.read_only_admins_group_id,
            groups.default_gateway_users_group_id,
        ):
            principals.group_of(records, groups.gateway_id, group_id)

    @staticmethod
    def _refuse_twin(records: Records, gateway: Gateway) -> None:
        if not gateway.gateway_name:
            return
        same = records.find(Gateway, Query(equal={"gateway_name": gateway.gateway_name}))
        if any(each.gateway_id != gateway.gateway_id for each in same):
            raise ConflictError(f"There is a gateway named '{gateway.gateway_name}'.", remedy="Choose another name.")

    @staticmethod
    def _refuse_full(records: Records, gateway_id: str) -> None:
        kinds: tuple[tuple[type[Record], str, str], ...] = (
            (GatewayExperiment, "gateway_id", "experiments"),
            (Project, "gateway_id", "projects"),
            (CredentialSummary, "gateway_id", "credentials"),
            (Entity, "domain_id", "things that can be shared"),
        )
        for kind, column, what in kinds:
            number = records.count(kind, Query(equal={column: gateway_id}))
            if number:
                raise ConflictError(f"Gateway '{gateway_id}' has {number} {what}.", remedy="Delete them first.")

    def _gateway(self, records: Records, caller: Caller, gateway_id: str) -> Gateway:
        if not self._knows(caller, gateway_id):
            raise missing(f"gateway '{gateway_id}'")
        return found(records.get(Gateway, gateway_id) if gateway_id else None, f"gateway '{gateway_id}'")

    def _knows(self, caller: Caller, gateway_id: str) -> bool:
        return self._is_operator(caller) or caller.acts_for(gateway_id)

    def _is_operator(self, caller: Caller) -> bool:
        return caller.internal or (caller.is_admin and caller.gateway == self._super_gateway != "")

    def _now_ms(self) -> int:
        return self._clock() // 1000


_command_key = GatewayUsageReportingCommand.key_of


def _seen_by(caller: Caller, gateway: Gateway) -> Gateway:
    if caller.is_admin:
        return gateway
    return replace(gateway, oauth_client_secret=None, identity_server_password_token=None)
