"""A gateway with its people, over the embedded record store: what tests of the application layer stand on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from airavata_adapters.credential_stores.encrypted_file import EncryptedFileStore
from airavata_adapters.record_stores.embedded import open_record_store
from airavata_workload.api.credentials.credential_vault import CredentialVault
from airavata_workload.api.credentials.credentials import Credentials
from airavata_workload.api.people.gateways import Gateways
from airavata_workload.api.people.groups import Groups
from airavata_workload.api.people.iam import Iam
from airavata_workload.api.people.own_accounts import OwnAccounts
from airavata_workload.api.people.users import Users
from airavata_workload.api.sharing.sharing import Sharing
from airavata_workload.api.sharing.sharing_domains import SharingDomains
from airavata_workload.api.sharing.sharing_entities import SharingEntities
from airavata_workload.api.sharing.sharing_people import SharingPeople
from airavata_workload.domain.caller import INTERNAL, Caller, Role
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.records.gateways import Gateway, GatewayApprovalStatus

ADMIN = Caller(gateway="seagrid", user="root", roles=frozenset(Role))
ALICE = Caller(gateway="seagrid", user="alice", roles=frozenset({Role.USER}))
BOB = Caller(gateway="seagrid", user="bob", roles=frozenset({Role.USER}))
CAROL = Caller(gateway="seagrid", user="carol", roles=frozenset({Role.USER}))
AUDITOR = Caller(gateway="seagrid", user="audrey", roles=frozenset({Role.READ_ONLY_ADMIN}))
STRANGER = Caller(gateway="elsewhere", user="alice", roles=frozenset(Role))
PEER = INTERNAL


@dataclass
class TickingClock:
    """A millisecond passes with every look."""

    now_us: int = 1_700_000_000_000_000
    step_us: int = 1_000

    def __call__(self) -> int:
        self.now_us += self.step_us
        return self.now_us


@dataclass
class Site:
    """Every service of people and sharing, over one store."""

    records: RecordStore
    home: Path
    clock: TickingClock = field(default_factory=TickingClock)

    def __post_init__(self) -> None:
        common = {"records": self.records, "clock": self.clock}
        self.sharing = Sharing(**common)
        self.domains = SharingDomains(**common)
        self.people = SharingPeople(**common)
        self.entities = SharingEntities(**common)
        self.groups = Groups(**common)
        self.users = Users(**common)
        self.gateways = Gateways(**common)
        self.accounts = OwnAccounts(**common)
        self.iam = Iam(provider=self.accounts, users=self.users)
        self.secrets = EncryptedFileStore(self.home)
        self.vault = CredentialVault(secrets=self.secrets, **common)
        self.credentials = Credentials(vault=self.vault, sharing=self.sharing)


@contextmanager
def gateway_site(home: Path) -> Iterator[Site]:
    """A site with the gateway ``seagrid``."""
    store = open_record_store(BackingContext(home=home, session="api-1"))
    try:
        site = Site(store, home)
        site.gateways.add(ADMIN, gateway_named("seagrid"))
        yield site
    finally:
        store.close()


def gateway_named(gateway_id: str, **fields: object) -> Gateway:
    return Gateway(gateway_id=gateway_id, gateway_approval_status=GatewayApprovalStatus.ACTIVE, **fields)  # type: ignore[arg-type]
