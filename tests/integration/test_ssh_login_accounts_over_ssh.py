"""A user's key is let into their account on a real server, by the calls that portals make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from catalogue_site import ADA, ADMIN

from airavata_workload.api.api import Api
from airavata_workload.bootstrap import Installation
from airavata_workload.domain.errors import AuthenticationError, HostKeyError, InputError
from airavata_workload.records.account_provisioners import SSHAccountProvisionerConfigParamType
from airavata_workload.records.compute_resources import ComputeResource
from airavata_workload.records.gateway_profiles import ComputeResourcePreference, GatewayResourceProfile
from airavata_workload.records.job_submission import ResourceJobManager, ResourceJobManagerType, SSHJobSubmission
from airavata_workload.records.security import SecurityProtocol
from airavata_workload.records.user_profiles import UserComputeResourcePreference, UserResourceProfile
from airavata_workload.settings import Settings
from airavata_workload.testing.ssh_server import HOST, SshServer

pytestmark = pytest.mark.server


@dataclass
class Account:
    """An account on a real server, whose home is in the folder of the test; ``resource`` is the server's id."""

    api: Api
    server: SshServer
    home: Path
    resource: str
    known_hosts: Path

    @property
    def authorized_keys(self) -> Path:
        return self.home / ".ssh" / "authorized_keys"

    @property
    def scratch(self) -> Path:
        return self.home.parent / "scratch" / self.server.user

    def key(self) -> str:
        """The token of a new key of ada's."""
        return self.api.credentials.generate_ssh_keys(ADA, description="ada's $(key) for alpha")

    def own_login(self, folder: Path, *, known: bool = True) -> str:
        """Ada tells how she logs in: with a key that the server knows, or does not."""
        token = self.key()
        (folder / "own.pub").write_text(f"{self.api.credentials.summary(ADA, token).public_key}\n")
        if known:
            self.server.authorize(folder / "own")
        preference = UserComputeResourcePreference(
            compute_resource_id=self.resource,
            login_user_name=self.server.user,
            resource_specific_credential_store_token=token,
        )
        self.api.user_profiles.register(
            ADA,
            UserResourceProfile(
                user_id=ADA.user, gateway_id=ADA.gateway, user_compute_resource_preferences=(preference,)
            ),
        )
        return token


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    home, user = tmp_path / "home of ada", tmp_path / "engine"
    home.mkdir(mode=0o700)
    (user / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(user))
    folder = tmp_path / "server"
    options = [
        "Subsystem sftp internal-sftp",
        "Match all",
        f'AuthorizedKeysFile {folder}/authorized_keys "{home}/.ssh/authorized_keys"',
        f'SetEnv "HOME={home}"',
    ]
    with (
        SshServer(folder, options) as server,
        Installation(Settings(home=tmp_path / "installation"), service="api") as installation,
    ):
        known_hosts = user / ".ssh" / "known_hosts"
        known_hosts.write_text(server.known_hosts.read_text())
        api = installation.api()
        yield Account(api, server, home, registered(api, server, tmp_path / "scratch"), known_hosts)


def registered(api: Api, server: SshServer, scratch_root: Path) -> str:
    """The id of the server as a compute resource whose accounts come by ``ssh-login``."""
    resource = api.compute_resources.register(ADMIN, ComputeResource(host_name="alpha.example.org"))
    submission = SSHJobSubmission(
        security_protocol=SecurityProtocol.SSH_KEYS,
        resource_job_manager=ResourceJobManager(resource_job_manager_type=ResourceJobManagerType.FORK),
        alternative_ssh_host_name=HOST,
        ssh_port=server.port,
    )
    api.job_submissions.add_ssh(ADMIN, resource, 0, submission)
    preference = ComputeResourcePreference(
        compute_resource_id=resource,
        ssh_account_provisioner="ssh-login",
        ssh_account_provisioner_config={"scratch_root": str(scratch_root)},
    )
    api.gateway_profiles.register(
        ADMIN, GatewayResourceProfile(gateway_id=ADMIN.gateway, compute_resource_preferences=(preference,))
    )
    return resource


def test_the_provisioner_that_ships_is_told_with_its_parameters(account: Account) -> None:
    (found,) = [each for each in account.api.ssh_accounts.provisioners(ADA) if each.name == "ssh-login"]
    assert (found.can_create_account, found.can_install_ssh_key) == (False, True)
    assert [(each.name, each.type, each.is_optional) for each in found.config_params] == [
        ("scratch_root", SSHAccountProvisionerConfigParamType.STRING, False)
    ]


def test_a_key_is_let_in_once_and_is_known_by_a_login(account: Account, tmp_path: Path) -> None:
    accounts, own, new = account.api.ssh_accounts, account.own_login(tmp_path), account.key()
    assert accounts.has_account(ADA, account.resource, ADA.user)
    assert not accounts.is_complete(ADA, account.resource, new)
    for _ in range(2):
        answer = accounts.set_up(ADA, account.resource, ADA.user, new)
        assert (answer.login_user_name, answer.scratch_location) == (account.server.user, str(account.scratch))
        assert (answer.resource_specific_credential_store_token, answer.validated) == (new, True)
    public_key = account.api.credentials.summary(ADA, new).public_key
    assert account.authorized_keys.read_text() == f"{public_key}\n"
    assert account.scratch.is_dir()
    assert accounts.is_complete(ADA, account.resource, new)
    account.api.user_profiles.update_compute_preference(ADA, ADA.user, ADA.gateway, account.resource, answer)
    account.api.credentials.delete_ssh_keys(ADA, own)
    assert accounts.has_account(ADA, account.resource, ADA.user), "now by the key itself"
    account.authorized_keys.write_text("")
    assert not accounts.is_complete(ADA, account.resource, new), "no earlier login counts"


def test_who_cannot_log_in_has_no_account_and_gets_no_key(account: Account, tmp_path: Path) -> None:
    accounts, new = account.api.ssh_accounts, account.key()
    with pytest.raises(InputError, match="has not told how they log in"):
        accounts.has_account(ADA, account.resource, ADA.user)
    account.own_login(tmp_path, known=False)
    assert not accounts.has_account(ADA, account.resource, ADA.user)
    with pytest.raises(InputError, match="has no account"):
        accounts.set_up(ADA, account.resource, ADA.user, new)
    assert not account.authorized_keys.exists()


def test_nobody_logs_in_to_a_machine_whose_key_is_unknown(account: Account, tmp_path: Path) -> None:
    account.own_login(tmp_path)
    logins = account.server.logins()
    account.known_hosts.write_text("")
    with pytest.raises(HostKeyError):
        account.api.ssh_accounts.has_account(ADA, account.resource, ADA.user)
    assert account.server.logins() == logins


def test_a_key_that_the_server_does_not_look_for_is_not_said_to_open(account: Account, tmp_path: Path) -> None:
    account.own_login(tmp_path)
    account.server.stop()
    account.server.options[-2] = f"AuthorizedKeysFile {tmp_path / 'server'}/authorized_keys"
    account.server.start()
    with pytest.raises(AuthenticationError):
        account.api.ssh_accounts.set_up(ADA, account.resource, ADA.user, account.key())
