"""A compute resource as account provisioners reach it."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from airavata_workload.api.machines.registered_clusters import RegisteredClusters
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.account_provisioner import AccountMachine, UserLogin
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.ports.remote_shell import RemoteShell
from airavata_workload.records.user_profiles import UserComputeResourcePreference, UserResourceProfile

_NOWHERE = "/"
"""A cluster has a scratch directory; nobody works in that of one whose accounts are looked at."""


class ShellOpener(Protocol):
    """Makes shells for clusters that are in no catalogue yet."""

    def __call__(self, cluster: Cluster) -> RemoteShell:
        """A shell, which the caller closes."""
        ...


class RegisteredMachine(AccountMachine):
    """A compute resource of a gateway's catalogue."""

    def __init__(
        self,
        *,
        records: RecordStore,
        clusters: RegisteredClusters,
        open_shell: ShellOpener,
        gateway_id: str,
        compute_resource_id: str,
    ) -> None:
        self._records = records
        self._clusters = clusters
        self._open_shell = open_shell
        self._gateway_id = gateway_id
        self._resource_id = compute_resource_id

    def login_of(self, user: str) -> UserLogin:
        """As ``AccountMachine.login_of``."""
        with self._records.reading() as records:
            profile = records.get(UserResourceProfile, UserResourceProfile.key_of(self._gateway_id, user))
        preferences = (profile.user_compute_resource_preferences if profile is not None else None) or ()
        own = next((each for each in preferences if each.compute_resource_id == self._resource_id), None)
        name = own.login_user_name if own is not None else None
        token = own.resource_specific_credential_store_token if own is not None else None
        of_all = profile.credential_store_token if profile is not None else None
        return UserLogin(name=name or user, token=token or of_all or "")

    def shell(self, login: UserLogin) -> RemoteShell:
        """As ``AccountMachine.shell``."""
        told = UserComputeResourcePreference(
            compute_resource_id=self._resource_id,
            login_user_name=login.name,
            resource_specific_credential_store_token=login.token,
            scratch_location=_NOWHERE,
        )
        cluster = self._clusters.account(self._gateway_id, told)
        if cluster.remote_shell != "ssh" or not login.token:
            raise InputError(
                f"Nobody logs in to compute resource '{self._resource_id}' as '{login.name}' with a credential.",
                remedy="Give the resource an SSH interface, and name a credential.",
            )
        # One channel: jobs have connections with more, which are not shared with these. The last login that was made
        # for a job says nothing about whether the account still takes the key.
        return self._open_shell(replace(cluster, max_channels=1))
