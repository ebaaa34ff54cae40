"""Proves to an SSH server who we are: credential store, key file, agent, the usual key files."""

from __future__ import annotations

import getpass
import io
from collections.abc import Callable
from pathlib import Path

import paramiko

from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import AuthenticationError, HostUnreachableError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.credential_store import Credential, CredentialStore

DEFAULT_KEY_FILES = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
"""Source: ssh_config(5), ``IdentityFile``, of the types that paramiko reads."""


def authenticate(transport: paramiko.Transport, cluster: Cluster, credentials: CredentialStore) -> None:
    """Log in. Raises ``AuthenticationError`` that says what was tried, ``HostUnreachableError``, ``NotFoundError``."""
    credential = None if cluster.credential is None else credentials.credential(cluster.credential)
    user = cluster.user or (credential.user if credential else "") or getpass.getuser()
    login = Login(transport, user, f"{user}@{cluster.host}:{cluster.port}")
    if credential is not None and (credential.private_key or credential.password):
        _use_credential(login, credential)
    elif cluster.identity_file is not None:
        _use_identity_file(login, cluster, credential.passphrase if credential else None)
    else:
        _use_what_is_there(login, cluster.use_agent)
    if not transport.is_authenticated():
        tried = ", ".join(login.tried) or "nothing, as there is neither an SSH agent with keys nor a default key file"
        raise AuthenticationError(
            f"{login.where} refused the login. Tried: {tried}.",
            user_message=f"The login to {cluster.name} was refused.",
            remedy="Name a key that the account accepts as identity_file or credential in the cluster's file.",
        )


class Login:
    """One attempt to log in, with a record of what was tried (never of a secret)."""

    def __init__(self, transport: paramiko.Transport, user: str, where: str) -> None:
        self.transport = transport
        self.user = user
        self.where = where
        self.tried: list[str] = []

    def with_key(self, key: paramiko.PKey, name: str) -> bool:
        """Offer a key; whether the server accepted it."""
        self.tried.append(f"{name} ({key.fingerprint})")
        return self._accepted(lambda: self.transport.auth_publickey(self.user, key))

    def with_password(self, password: Secret, name: str) -> bool:
        """Offer a password, or give it as the answer to the server's one question."""
        self.tried.append(name)
        return self._accepted(lambda: self.transport.auth_password(self.user, password.reveal()))

    def _accepted(self, attempt: Callable[[], object]) -> bool:
        try:
            attempt()
        except paramiko.BadAuthenticationType as error:
            self.tried[-1] += f" - the server takes only {', '.join(error.allowed_types)}"
        except paramiko.AuthenticationException as error:
            # A server that hangs up after several keys has refused them; after the first, it is going down.
            if (not self.transport.is_active() and len(self.tried) == 1) or "timeout" in str(error).lower():
                raise HostUnreachableError(f"{self.where} broke off during the login.") from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            if not self.transport.is_active():
                raise HostUnreachableError(f"{self.where} broke off during the login: {error}.") from error
            self.tried[-1] += f" - {error}"
        return self.transport.is_authenticated()


def _use_credential(login: Login, credential: Credential) -> None:
    name = f"credential '{credential.token}'"
    if credential.private_key is not None:
        key = load_key(credential.private_key, credential.passphrase, f"the key of {name}")
        if login.with_key(key, name):
            return
    if credential.password is not None:
        login.with_password(credential.password, f"the password of {name}")


def _use_identity_file(login: Login, cluster: Cluster, passphrase: Secret | None) -> None:
    path = Path(str(cluster.identity_file)).expanduser()
    try:
        key = load_key_file(path, passphrase)
    except AuthenticationError:
        # An encrypted key may have been unlocked in the agent, which is then asked for the very same key.
        if not cluster.use_agent or passphrase is not None or not _use_agent(login, path.with_name(path.name + ".pub")):
            raise
        return
    login.with_key(key, str(path))


def _use_what_is_there(login: Login, use_agent: bool) -> None:
    if use_agent and _use_agent(login):
        return
    for name in DEFAULT_KEY_FILES:
        path = Path(name).expanduser()
        if path.is_file():
            try:
                key = load_key_file(path, None)
            except AuthenticationError as error:
                login.tried.append(error.message.rstrip("."))
            else:
                if login.with_key(key, str(path)):
                    return


def _use_agent(login: Login, only_public_key_file: Path | None = None) -> bool:
    """Offer the keys of the SSH agent, or only that of the file; whether one was accepted."""
    only = None
    if only_public_key_file is not None:
        try:
            only = only_public_key_file.read_text().split()[1]
        except (OSError, IndexError):
            return False
    try:
        agent = paramiko.Agent()
    except (paramiko.SSHException, OSError) as error:
        login.tried.append(f"the SSH agent ({error})")
        return False
    try:
        for key in agent.get_keys():
            if only in (None, key.get_base64()) and login.with_key(key, f"SSH agent key '{key.comment}'"):
                return True
            if not login.transport.is_active():
                return False
    finally:
        agent.close()
    return False


def load_key_file(path: Path, passphrase: Secret | None) -> paramiko.PKey:
    """The private key in a file, with the certificate beside it if there is one. Raises ``AuthenticationError``."""
    try:
        text = path.read_text()
    except OSError as error:
        raise AuthenticationError(
            f"Cannot read the key file {path}: {error.strerror}.",
            remedy="Name a readable private key as identity_file in the cluster's file.",
        ) from error
    except UnicodeDecodeError as error:
        raise AuthenticationError(f"The key file {path} is not a private key in OpenSSH or PEM form.") from error
    key = load_key(Secret(text), passphrase, f"the key file {path}")
    certificate = path.with_name(path.name + "-cert.pub")
    if certificate.is_file():
        try:
            key.load_certificate(str(certificate))
        except (paramiko.SSHException, OSError, ValueError) as error:
            raise AuthenticationError(f"Cannot use the certificate {certificate}: {error}.") from error
    return key


def load_key(text: Secret, passphrase: Secret | None, name: str) -> paramiko.PKey:
    """A private key in OpenSSH or PEM form. ``name`` says whose it is. Raises ``AuthenticationError``."""
    password = passphrase.reveal() if passphrase is not None else None
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text.reveal()), password=password)
        except paramiko.PasswordRequiredException:
            raise AuthenticationError(
                f"{name[0].upper()}{name[1:]} is encrypted and no passphrase is given.",
                remedy="Keep the passphrase in the credential store, or unlock the key in an SSH agent.",
            ) from None
        # A key of another kind, or a wrong passphrase: each of the libraries below says so in its own way.
        except (paramiko.SSHException, ValueError, TypeError, IndexError, AttributeError):
            continue
    reason = "the passphrase is wrong or " if passphrase is not None else ""
    raise AuthenticationError(
        f"Cannot use {name}: {reason}it is not a private key (Ed25519, ECDSA or RSA) in OpenSSH or PEM form."
    )
