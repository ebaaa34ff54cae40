"""A machine that was registered through the API is logged in to, with a key that the credential service made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from catalogue_site import ADMIN

from airavata_workload.api.api import Api
from airavata_workload.api.machines.cluster_name import ClusterName
from airavata_workload.bootstrap import Installation
from airavata_workload.domain.errors import AuthenticationError
from airavata_workload.records.compute_resources import ComputeResource
from airavata_workload.records.gateway_profiles import ComputeResourcePreference, GatewayResourceProfile
from airavata_workload.records.job_submission import ResourceJobManager, ResourceJobManagerType, SSHJobSubmission
from airavata_workload.records.security import SecurityProtocol
from airavata_workload.settings import Settings
from airavata_workload.testing.ssh_server import HOST, SshServer

pytestmark = pytest.mark.server


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshServer]:
    """A server whose host key the user knows."""
    with SshServer(tmp_path / "server") as server:
        (tmp_path / "user" / ".ssh").mkdir(parents=True)
        (tmp_path / "user" / ".ssh" / "known_hosts").write_text(server.known_hosts.read_text())
        monkeypatch.setenv("HOME", str(tmp_path / "user"))
        yield server


def registered(api: Api, server: SshServer, token: str, scratch: Path) -> str:
    """The name of the server as a cluster of the gateway."""
    resource = api.compute_resources.register(ADMIN, ComputeResource(host_name="alpha.example.org"))
    fork = ResourceJobManager(resource_job_manager_type=ResourceJobManagerType.FORK)
    submission = SSHJobSubmission(
        security_protocol=SecurityProtocol.SSH_KEYS,
        resource_job_manager=fork,
        alternative_ssh_host_name=HOST,
        ssh_port=server.port,
    )
    api.job_submissions.add_ssh(ADMIN, resource, 0, submission)
    preference = ComputeResourcePreference(
        compute_resource_id=resource, login_user_name=server.user, scratch_location=str(scratch)
    )
    profile = GatewayResourceProfile(
        gateway_id=ADMIN.gateway, credential_store_token=token, compute_resource_preferences=(preference,)
    )
    api.gateway_profiles.register(ADMIN, profile)
    return str(ClusterName(resource=resource, gateway=ADMIN.gateway))


def test_another_process_logs_in_with_the_key_of_the_profile(server: SshServer, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with Installation(settings, service="api") as front, Installation(settings, service="worker") as worker:
        api = front.api()
        token = api.credentials.generate_ssh_keys(ADMIN, description="for alpha")
        name = registered(api, server, token, tmp_path / "scratch")
        with pytest.raises(AuthenticationError):
            worker.resources.shell(name).check()
        public_key = api.credentials.summary(ADMIN, token).public_key
        (tmp_path / "made.pub").write_text(f"{public_key}\n")
        server.authorize(tmp_path / "made")
        assert f"{HOST}:{server.port}" in worker.resources.shell(name).check()
        assert api.storage_space.volume(ADMIN, name.split("..")[0], str(tmp_path)).total_size_bytes > 0
