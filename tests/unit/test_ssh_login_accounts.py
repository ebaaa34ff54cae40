"""A key in somebody's ``authorized_keys``, and what is known of a login before anybody logs in."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airavata_adapters.account_provisioners.authorized_keys import PublicKey, script_that_adds
from airavata_adapters.account_provisioners.ssh_login import SshLoginAccounts
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.account_provisioner import AccountMachine, UserKey, UserLogin
from airavata_workload.ports.remote_shell import RemoteShell

TYPE = "ssh-ed25519"


def blob(body: bytes = b"\0" * 36) -> str:
    return base64.b64encode(len(TYPE).to_bytes(4, "big") + TYPE.encode() + body).decode()


KEY = PublicKey(TYPE, blob(), "made for ada")
OTHER = PublicKey(TYPE, blob(b"\1" * 36), "her own")


def add(home: Path, keys: Sequence[PublicKey]) -> list[str]:
    """Run the script for each key at once; the lines that are there then."""
    home.mkdir(exist_ok=True)
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    running = [
        subprocess.Popen(["/bin/sh", "-c", script_that_adds(key)], env=environment, stderr=subprocess.PIPE)
        for key in keys
    ]
    for each in running:
        _, said = each.communicate(timeout=60)
        assert (each.returncode, said) == (0, b"")
    return (home / ".ssh" / "authorized_keys").read_text().splitlines()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_added_to_nothing_with_the_modes_that_sshd_wants(tmp_path: Path) -> None:
    assert add(tmp_path / "home", [KEY]) == [KEY.line]
    assert mode(tmp_path / "home" / ".ssh") == 0o700
    assert mode(tmp_path / "home" / ".ssh" / "authorized_keys") == 0o600


@pytest.mark.parametrize(
    ("before", "added"),
    [
        (f"{KEY.line}\n", False),
        (f"{KEY.type} {KEY.base64} called otherwise\n", False),
        (f'from="10.0.*",command="echo \\"no\\"" {KEY.type} {KEY.base64}\n', False),
        (f"{OTHER.line}", True),
        (f"# {KEY.line}\n", True),
        (f"#{KEY.line}\n", True),
        (f"{KEY.type} {KEY.base64[:-8]}\n", True),
        ("\n\n", True),
    ],
)
def test_what_is_there_stays_and_the_key_is_there_once(tmp_path: Path, before: str, added: bool) -> None:
    file = tmp_path / ".ssh" / "authorized_keys"
    file.parent.mkdir(mode=0o755)
    file.write_text(before)
    file.chmod(0o666)
    wanted = [*before.splitlines(), *([KEY.line] if added else [])]
    assert add(tmp_path, [KEY]) == wanted
    assert add(tmp_path, [KEY]) == wanted
    assert (mode(file.parent), mode(file)) == (0o700, 0o600)


def test_of_many_at_once_each_is_there_once(tmp_path: Path) -> None:
    assert sorted(add(tmp_path, [KEY, OTHER] * 6)) == sorted([KEY.line, OTHER.line])


@given(st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" '\"$`\\;&|<>#*"), max_size=40))
def test_a_comment_is_a_comment_whatever_it_says(comment: str) -> None:
    key = PublicKey.parse(f"{TYPE} {blob()} {comment}")
    assert PublicKey.parse(key.line) == PublicKey.parse(f"{TYPE} {blob()} {comment.strip()}")
    words = subprocess.run(
        ["/bin/sh", "-n"], input=script_that_adds(key), text=True, capture_output=True, check=False, timeout=60
    )
    assert (words.returncode, words.stderr) == (0, "")


def test_a_hostile_comment_runs_nothing(tmp_path: Path) -> None:
    key = PublicKey.parse(f"{TYPE} {blob()} $(touch here) `touch here` '; touch here; ' \\ %s")
    assert add(tmp_path, [key]) == [key.line]
    assert sorted(each.name for each in tmp_path.iterdir()) == [".ssh"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        TYPE,
        f"{TYPE} no-base64",
        f"{TYPE} {base64.b64encode(b'anything').decode()}",
        f"ssh-rsa {blob()}",
        f"command=x {TYPE} {blob()}",
        f"{TYPE} {blob()} one\n{TYPE} {blob()} two",
        f"{TYPE} {blob()} \x1b[0m",
    ],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="public key"):
        PublicKey.parse(text)


class Machine(AccountMachine):
    """Nobody logs in."""

    def __init__(self, login: UserLogin) -> None:
        self._login = login

    def login_of(self, user: str) -> UserLogin:
        return self._login

    def shell(self, login: UserLogin) -> RemoteShell:
        raise AssertionError("nobody logs in")


@pytest.mark.parametrize("root", ["scratch", "", "/scratch/../etc", "/scratch\n"])
def test_a_scratch_directory_is_below_an_absolute_one(root: str) -> None:
    accounts = SshLoginAccounts({"scratch_root": root}, Machine(UserLogin(name="ada")))
    with pytest.raises(InputError, match="scratch_root"):
        accounts.scratch_directory("ada")


@pytest.mark.parametrize("name", ["..", ".", "a/b"])
def test_a_login_that_names_no_directory_has_none(name: str) -> None:
    accounts = SshLoginAccounts({"scratch_root": "/scratch"}, Machine(UserLogin(name=name)))
    with pytest.raises(InputError, match="directory"):
        accounts.scratch_directory("ada")


def test_who_has_told_nothing_is_told_what_to_do() -> None:
    accounts = SshLoginAccounts({"scratch_root": "/scratch"}, Machine(UserLogin(name="ada")))
    assert accounts.scratch_directory("ada") == "/scratch/ada"
    with pytest.raises(InputError, match="registerPwdCredential"):
        accounts.has_account("ada")


def test_a_key_that_is_none_reaches_no_account() -> None:
    class Refusing(Machine):
        def shell(self, login: UserLogin) -> RemoteShell:
            assert login.token == "new", "nobody uses the user's own login for that"
            raise InputError("There is no such credential.")

    accounts = SshLoginAccounts({"scratch_root": "/scratch"}, Refusing(UserLogin(name="ada", token="own")))
    with pytest.raises(InputError):
        accounts.install_key("ada", UserKey(token="new", public_key="no key"))
