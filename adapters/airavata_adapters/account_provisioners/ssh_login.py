"""Accounts on machines where users have passwords or keys already, and that know nothing of gateways."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager

from airavata_adapters.account_provisioners.authorized_keys import PublicKey, script_that_adds
from airavata_workload.domain.errors import AuthenticationError, InputError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.account_provisioner import AccountProvisioner, ProvisionerParameter, UserKey, UserLogin
from airavata_workload.ports.remote_shell import RemoteShell

_SCRATCH_ROOT = "scratch_root"


class SshLoginAccounts(AccountProvisioner):
    """Believes nothing but a login.

    A user has an account if they can log in as their resource profile says,
    and a key opens it if somebody logs in with it. To add a key, their own
    login is used: a password, or another key, whose token their preference for
    the resource names. The interface has no argument for a password, so users
    register it as a credential of theirs, and delete it when the key is there.
    """

    name = "ssh-login"
    parameters = (
        ProvisionerParameter(
            name=_SCRATCH_ROOT, description="absolute path of the directory where each login has one for its jobs"
        ),
    )

    def has_account(self, user: str) -> bool:
        """As ``AccountProvisioner.has_account``."""
        return self._opens(self._told(user))

    def has_key(self, user: str, key: UserKey) -> bool:
        """As ``AccountProvisioner.has_key``."""
        return self._opens(self._with(user, key))

    def install_key(self, user: str, key: UserKey) -> str:
        """As ``AccountProvisioner.install_key``. Raises ``AuthenticationError`` if the user's own login is refused."""
        by_key = self._with(user, key)
        if self._opens(by_key):
            return by_key.name
        script = script_that_adds(PublicKey.parse(key.public_key))
        with self._shell(self._told(user)) as shell:
            shell.run(script).require_success(f"Adding a key to the account '{by_key.name}'")
        return by_key.name

    def scratch_directory(self, user: str) -> str:
        """As ``AccountProvisioner.scratch_directory``."""
        root, login = self.given[_SCRATCH_ROOT], self.machine.login_of(user).name
        if isinstance(root, Secret) or not root.startswith("/") or ".." in root.split("/") or not root.isprintable():
            raise InputError(
                f"'{_SCRATCH_ROOT}' of the account provisioner '{self.name}' is no absolute path.",
                remedy="Correct it in ssh_account_provisioner_config of the gateway's preference.",
            )
        if "/" in login or login in (".", ".."):
            raise InputError(
                f"No directory can be called {login!r}, as the login is.", remedy="Correct the login name."
            )
        return posixpath.join(root, login)

    def _with(self, user: str, key: UserKey) -> UserLogin:
        return UserLogin(name=self.machine.login_of(user).name, token=key.token)

    def _told(self, user: str) -> UserLogin:
        login = self.machine.login_of(user)
        if not login.token:
            raise InputError(
                f"User '{user}' has not told how they log in, so nobody can see whether they have an account.",
                remedy="Register a password or key of the account (registerPwdCredential), and name its token in the "
                "user's preference for the compute resource.",
            )
        return login

    def _opens(self, login: UserLogin) -> bool:
        with self._shell(login) as shell:
            try:
                shell.check()
            except AuthenticationError:
                return False
        return True

    @contextmanager
    def _shell(self, login: UserLogin) -> Iterator[RemoteShell]:
        shell = self.machine.shell(login)
        try:
            yield shell
        finally:
            shell.close()
