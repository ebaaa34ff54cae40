"""What the catalogue asks the machines themselves: how full they are, and accounts on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import pytest
from catalogue_site import ADA, ADMIN, BOB, STRANGER, VIEWER, CatalogueSite, catalogue_site, preference

from airavata_workload.api.catalogue.ssh_accounts import SshAccounts
from airavata_workload.api.catalogue.storage_space import StorageSpace, parsed_usage, parsed_volume, readable
from airavata_workload.api.machines.account_machine import RegisteredMachine
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import (
    CommandFailedError,
    DeniedError,
    InputError,
    NotFoundError,
    UnavailableError,
)
from airavata_workload.domain.gateway_storage import GatewayStorage
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.account_provisioner import (
    AccountMachine,
    AccountProvisioner,
    ProvisionerParameter,
    UserKey,
    UserLogin,
)
from airavata_workload.ports.credential_store import Credential, CredentialStore
from airavata_workload.ports.remote_shell import CommandResult, RemoteShell
from airavata_workload.records.account_provisioners import SSHAccountProvisionerConfigParamType
from airavata_workload.records.storage_resources import StorageResource
from airavata_workload.records.user_profiles import UserComputeResourcePreference, UserResourceProfile
from airavata_workload.testing.subprocess_shell import SubprocessShell

DF = """Filesystem 1024-blocks Used Available Capacity Mounted on
/dev/sda1 2000 500 1400 27% /data with blank
ext2/ext3
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[CatalogueSite]:
    with catalogue_site(tmp_path / "home") as site:
        yield site


def test_what_df_and_du_say() -> None:
    volume = parsed_volume(DF)
    assert (volume.total_size_bytes, volume.used_size_bytes, volume.available_size_bytes) == (2048000, 512000, 1433600)
    assert (volume.percentage_used, volume.mount_point, volume.filesystem_type) == (
        25.0,
        "/data with blank",
        "ext2/ext3",
    )
    assert parsed_volume("\n".join(DF.splitlines()[:2])).filesystem_type is None
    assert parsed_usage("12\t/data\n") == 12288
    assert [readable(size) for size in (0, 1023, 1536, 5 * 2**40, 9000 * 2**50)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "5.0 TiB",
        "9000.0 PiB",
    ]


@pytest.mark.parametrize("text", ["", "x", "a\nb c d e f g", "df: no such file"])
def test_what_makes_no_sense_is_said(text: str) -> None:
    for parse in (parsed_volume, parsed_usage):
        with pytest.raises(UnavailableError):
            parse(text)


class TestStorageSpace:
    @pytest.fixture
    def space(self, site: CatalogueSite, tmp_path: Path) -> StorageSpace:
        def cluster(name: str) -> Cluster:
            return replace(site.clusters().cluster(name), scratch_directory=str(tmp_path / "root"))

        (tmp_path / "root" / "inner").mkdir(parents=True)
        (tmp_path / "root" / "inner" / "file").write_bytes(b"x" * 20_000)
        return StorageSpace(  # noqa: S604 - what is called shell there starts none
            records=site.records,
            group_profiles=site.group_profiles,
            cluster=cluster,
            shell=lambda name: SubprocessShell(),
        )

    def test_the_machine_is_asked(self, site: CatalogueSite, space: StorageSpace) -> None:
        alpha, store = site.alpha(), site.store()
        site.profile(alpha, store)
        for resource in (alpha, store):
            assert space.volume(ADA, resource).total_size_bytes > 0
        assert space.directory(ADA, store).total_size_bytes >= 20_000
        assert space.directory(ADA, store, "inner").total_size_bytes >= 20_000
        with pytest.raises(InputError, match="no-such"):
            space.directory(ADA, store, "no-such")

    def test_users_stay_below_the_root(self, site: CatalogueSite, space: StorageSpace) -> None:
        store = site.store()
        site.profile(site.alpha(), store)
        with pytest.raises(DeniedError):
            space.directory(ADA, store, "/etc")
        with pytest.raises(InputError):
            space.directory(ADMIN, store, "../..")
        assert space.volume(ADMIN, store, "/").mount_point == "/"

    def test_the_installations_own_storage_shows_nobody_the_machine(self, site: CatalogueSite, tmp_path: Path) -> None:
        storage = GatewayStorage(host_name="store.example.org", root=tmp_path)
        for user in ("ada", "bob"):
            storage.user_directory("chemistry", user).mkdir(parents=True)
        with site.records.transaction() as records:
            records.put(StorageResource(storage_resource_id=storage.resource_id, host_name="store.example.org"))
        site.profile(site.alpha(), storage.resource_id)
        space = StorageSpace(  # noqa: S604 - what is called shell there starts none
            records=site.records,
            group_profiles=site.group_profiles,
            cluster=lambda name: storage.cluster(name, "chemistry"),
            shell=lambda name: SubprocessShell(),
            own_storage=storage,
        )
        assert space.volume(ADA, storage.resource_id).total_size_bytes > 0
        for caller, location in ((ADA, "ada"), (ADMIN, "ada"), (ADMIN, str(tmp_path / "chemistry"))):
            assert space.directory(caller, storage.resource_id, location).total_size_bytes >= 0
        for caller, location in ((ADA, "bob"), (ADA, "/"), (ADMIN, "/"), (ADMIN, str(tmp_path)), (VIEWER, "/etc")):
            with pytest.raises(DeniedError):
                space.directory(caller, storage.resource_id, location)

    def test_a_profile_must_name_the_resource(self, site: CatalogueSite, space: StorageSpace) -> None:
        alpha = site.alpha()
        site.group(alpha, owner=ADA)
        assert space.volume(ADA, alpha).total_size_bytes > 0
        for caller in (BOB, STRANGER):
            with pytest.raises(NotFoundError):
                space.volume(caller, alpha)


class SiteAccounts(AccountProvisioner):
    """A site with its accounts in memory."""

    name = "site"
    parameters = (
        ProvisionerParameter(name="server", description="Where"),
        ProvisionerParameter(name="password", secret=True),
        ProvisionerParameter(name="realm", optional=True),
    )
    accounts: ClassVar[dict[str, list[str]]] = {}
    told: ClassVar[list[Mapping[str, str | Secret]]] = []

    def __init__(self, given: Mapping[str, str | Secret], machine: AccountMachine) -> None:
        super().__init__(given, machine)
        self.told.append(given)

    def has_account(self, user: str) -> bool:
        return user in self.accounts

    def has_key(self, user: str, key: UserKey) -> bool:
        return key.public_key in self.accounts.get(user, ())

    def install_key(self, user: str, key: UserKey) -> str:
        self.accounts[user].append(key.public_key)
        return f"{user}1"

    def scratch_directory(self, user: str) -> str:
        return f"/scratch/{user}1"


class Secrets(CredentialStore):
    """One password."""

    def save(self, credential: Credential) -> None:
        raise AssertionError("nobody stores anything here")

    def credential(self, token: str) -> Credential:
        return Credential(token=token, password=Secret("sesame"))

    def summaries(self) -> list[Credential]:
        return []

    def delete(self, token: str) -> None:
        raise AssertionError("nobody deletes anything here")

    def encrypted(self, secret: Secret) -> str:
        raise AssertionError("nobody encrypts anything here")

    def decrypted(self, text: str) -> Secret:
        raise AssertionError("nobody decrypts anything here")

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Door(RemoteShell):
    """A machine that writes down who came and what they did."""

    exit_code: int = 0
    visits: list[tuple[str, str, str]] = field(default_factory=list)
    cluster: Cluster | None = None
    closed: int = 0

    def __call__(self, cluster: Cluster) -> Door:
        self.cluster = cluster
        return self

    def run(
        self,
        script: str,
        *,
        stdin: bytes = b"",
        timeout_s: float | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> CommandResult:
        assert self.cluster is not None
        self.visits.append((self.cluster.user, self.cluster.credential or "", script))
        return CommandResult(exit_code=self.exit_code, stdout=b"", stderr=b"no")

    def check(self) -> str:
        return "open"

    def close(self) -> None:
        self.closed += 1


class Catalogue:
    """One provisioner."""

    def names(self) -> list[str]:
        return ["site"]

    def load(self, name: str) -> type[AccountProvisioner]:
        if name != "site":
            raise NotFoundError(f"There is no account provisioner '{name}'.")
        return SiteAccounts


class TestSshAccounts:
    @pytest.fixture
    def door(self) -> Door:
        SiteAccounts.accounts = {"ada": []}
        SiteAccounts.told = []
        return Door()

    @pytest.fixture
    def alpha(self, site: CatalogueSite) -> str:
        alpha = site.alpha()
        site.profile(alpha)
        site.token("ada-key", owner=ADA)
        own = replace(
            preference(alpha),
            ssh_account_provisioner="site",
            ssh_account_provisioner_config={"server": "ldap://site", "password": site.token("password")},
        )
        site.gateway_profiles.update_compute_preference(ADMIN, "chemistry", alpha, own)
        return alpha

    @pytest.fixture
    def accounts(self, site: CatalogueSite, door: Door) -> SshAccounts:
        return SshAccounts(
            records=site.records,
            sharing=site.sharing,
            clusters=site.clusters(),
            secrets=Secrets(),
            provisioners=Catalogue(),
            open_shell=door,
        )

    def test_what_there_is_and_what_it_wants(self, accounts: SshAccounts) -> None:
        (site,) = accounts.provisioners(ADA)
        types = SSHAccountProvisionerConfigParamType
        assert (site.name, site.can_create_account, site.can_install_ssh_key) == ("site", False, True)
        assert [(each.name, each.type, each.is_optional) for each in site.config_params] == [
            ("server", types.STRING, False),
            ("password", types.CRED_STORE_PASSWORD_TOKEN, False),
            ("realm", types.STRING, True),
        ]

    def test_a_key_is_let_in_and_tried(self, accounts: SshAccounts, alpha: str, door: Door) -> None:
        assert accounts.has_account(ADA, alpha, "ada")
        assert not accounts.is_complete(ADA, alpha, "ada-key")
        answer = accounts.set_up(ADA, alpha, "ada", "ada-key")
        assert (answer.login_user_name, answer.scratch_location, answer.validated) == ("ada1", "/scratch/ada1", True)
        assert door.visits == [("ada1", "ada-key", "mkdir -p -- /scratch/ada1")]
        assert door.closed == 1
        assert accounts.is_complete(ADA, alpha, "ada-key")
        told = SiteAccounts.told[-1]
        assert set(told) == {"server", "password"}
        assert isinstance(told["password"], Secret)
        assert told["password"].reveal() == "sesame"

    def test_who_cannot_log_in_is_told(self, accounts: SshAccounts, alpha: str, door: Door) -> None:
        door.exit_code = 1
        with pytest.raises(CommandFailedError, match="/scratch/ada1"):
            accounts.set_up(ADA, alpha, "ada", "ada-key")
        assert door.closed == 1

    def test_who_may(self, accounts: SshAccounts, alpha: str) -> None:
        for denied in (
            lambda: accounts.has_account(BOB, alpha, "ada"),
            lambda: accounts.set_up(BOB, alpha, "ada", "ada-key"),
        ):
            with pytest.raises(DeniedError):
                denied()
        with pytest.raises(NotFoundError):
            accounts.is_complete(BOB, alpha, "no-such")
        with pytest.raises(InputError, match="no account"):
            accounts.set_up(ADMIN, alpha, "bob", "gateway-key")
        with pytest.raises(NotFoundError):
            accounts.has_account(STRANGER, alpha, "root")

    def test_a_machine_is_reached_as_the_user_has_told(self, site: CatalogueSite, door: Door, alpha: str) -> None:
        machine = RegisteredMachine(
            records=site.records,
            clusters=site.clusters(),
            open_shell=door,
            gateway_id="chemistry",
            compute_resource_id=alpha,
        )
        assert machine.login_of("ada") == UserLogin(name="ada")
        site.user_profiles.register(
            ADA, UserResourceProfile(user_id="ada", gateway_id="chemistry", credential_store_token="ada-key")
        )
        assert machine.login_of("ada") == UserLogin(name="ada", token="ada-key")
        own = UserComputeResourcePreference(
            compute_resource_id=alpha,
            login_user_name="ada1",
            resource_specific_credential_store_token=site.token("ada-password", owner=ADA),
        )
        site.user_profiles.add_compute_preference(ADA, "ada", "chemistry", alpha, own)
        told = machine.login_of("ada")
        assert told == UserLogin(name="ada1", token="ada-password")
        machine.shell(told)
        assert door.cluster is not None
        reached = door.cluster
        assert (reached.host, reached.user, reached.credential) == ("alpha.example.org", "ada1", "ada-password")
        assert reached.max_channels == 1, "no connection of a job is taken for a login"
        assert not reached.use_agent

    @pytest.mark.parametrize("token", ["", "strangers-key", "no-such"])
    def test_nobody_is_let_in_without_a_credential_of_the_gateway(
        self, site: CatalogueSite, door: Door, alpha: str, token: str
    ) -> None:
        site.token("strangers-key", owner=STRANGER)
        machine = RegisteredMachine(
            records=site.records,
            clusters=site.clusters(),
            open_shell=door,
            gateway_id="chemistry",
            compute_resource_id=alpha,
        )
        with pytest.raises(InputError):
            machine.shell(UserLogin(name="ada", token=token))
        assert door.cluster is None

    def test_what_is_missing_is_named(self, site: CatalogueSite, accounts: SshAccounts, alpha: str) -> None:
        for fields, error, named in (
            ({"ssh_account_provisioner_config": {"server": "x"}}, InputError, "'password'"),
            ({"ssh_account_provisioner": "other"}, NotFoundError, "'other'"),
            ({"ssh_account_provisioner": None}, InputError, "no account provisioner"),
        ):
            own = site.gateway_profiles.get_compute_preference(ADMIN, "chemistry", alpha)
            wrong = replace(own, **fields)  # type: ignore[arg-type]
            site.gateway_profiles.update_compute_preference(ADMIN, "chemistry", alpha, wrong)
            with pytest.raises(error, match=named):
                accounts.has_account(ADA, alpha, "ada")
