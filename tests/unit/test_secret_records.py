"""Secrets in records: encrypted wherever they are stored, and shown nowhere but to who asks for them."""

from __future__ import annotations

import dataclasses
import re
import sqlite3
import typing
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gateway_site import ADMIN

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.errors import DeniedError, InputError
from airavata_workload.migration.portal_records import copy_records, require_equal
from airavata_workload.records.gateways import Gateway, GatewayApprovalStatus
from airavata_workload.records.kinds import KINDS
from airavata_workload.records.projects import Project
from airavata_workload.records.record import Record, secret_fields
from airavata_workload.records.users import Account
from airavata_workload.secret_records import ENCRYPTED
from airavata_workload.settings import Settings

GATEWAY = Gateway(
    gateway_id="seagrid",
    gateway_approval_status=GatewayApprovalStatus.ACTIVE,
    identity_server_password_token="s3cret-pass",
    oauth_client_id="portal",
    oauth_client_secret="s3cret-oauth",
)
PLAIN_TEXT = re.compile("password|secret|token|passphrase|private", re.IGNORECASE)
NAMES_A_CREDENTIAL = re.compile(r"(^|_)token$")
"""The token of a credential is its id: what it opens is in the credential store."""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    """An installation with that gateway."""
    with Installation(Settings(home=tmp_path / "here"), service="test") as made:
        with made.records.transaction() as records:
            records.add(GATEWAY)
        yield made


def documents(home: Path) -> str:
    """All that the database has of gateways and accounts."""
    with closing(sqlite3.connect(home / "gateway.db")) as database:
        queries = ("SELECT * FROM gateways", "SELECT * FROM gateway_accounts")
        return str([database.execute(each).fetchall() for each in queries])


def stored(installation: Installation) -> Gateway | None:
    with installation.records.reading() as records:
        return records.get(Gateway, "seagrid")


def test_who_reads_the_database_sees_no_secret_and_who_asks_for_the_record_does(here: Installation) -> None:
    account = Account(gateway_id="seagrid", user_id="ada", password_hash="$argon2id$s3cret-hash")
    with here.records.transaction() as records:
        records.put_all(Account, [account])
        records.put(replace(GATEWAY, gateway_id="other", oauth_client_secret=None))
    assert "s3cret" not in documents(here.settings.home)
    assert documents(here.settings.home).count(ENCRYPTED) == 4
    with here.records.reading() as records:
        assert records.get(Gateway, "seagrid") == GATEWAY
        assert GATEWAY in records.find(Gateway)
        assert records.find(Account) == [account]
        assert records.get(Gateway, "nobody's") is None


def test_portals_notice_nothing(here: Installation) -> None:
    gateways = here.api().gateways
    gateways.update(ADMIN, "seagrid", replace(gateways.get(ADMIN, "seagrid"), oauth_client_secret="s3cret-new"))
    assert gateways.get(ADMIN, "seagrid").oauth_client_secret == "s3cret-new"
    assert gateways.get(ADMIN, "seagrid").identity_server_password_token == "s3cret-pass"
    assert "s3cret" not in documents(here.settings.home)


def test_what_was_stored_plainly_is_read_and_encrypted_when_it_is_stored_again(here: Installation) -> None:
    with closing(sqlite3.connect(here.settings.home / "gateway.db")) as database, database:
        database.execute(
            "UPDATE gateways SET document = json_set(document, '$.oauth_client_secret', 's3cret-oauth', "
            "'$.identity_server_password_token', 's3cret-pass')"
        )
    assert "s3cret-oauth" in documents(here.settings.home)
    assert stored(here) == GATEWAY
    with here.records.transaction() as records:
        records.put(replace(GATEWAY, domain="seagrid.org"))
    assert "s3cret" not in documents(here.settings.home)


def test_with_another_key_nothing_is_shown_and_the_remedy_is_told(here: Installation) -> None:
    (here.settings.home / "credentials.key").unlink()
    with pytest.raises(DeniedError, match="missing"):
        stored(here)
    with here.records.transaction() as records:
        records.put(replace(GATEWAY, gateway_id="new"))
    with pytest.raises(DeniedError, match=r"credentials\.key") as refused:
        stored(here)
    assert refused.value.remedy
    assert ENCRYPTED not in str(refused.value)


def test_no_repr_and_no_error_shows_a_secret(here: Installation) -> None:
    assert "s3cret" not in repr(GATEWAY)
    with pytest.raises(InputError) as refused, here.records.transaction() as records:
        records.put(replace(GATEWAY, oauth_client_secret="s3cret\ud800"))
    assert "s3cret" not in str(refused.value)
    with pytest.raises(InputError) as refused, here.records.transaction() as records:
        records.put(replace(GATEWAY, domain="\ud800"))
    assert "s3cret" not in str(refused.value)
    assert stored(here) == GATEWAY


def test_another_installation_gets_them_under_its_own_key(here: Installation, tmp_path: Path) -> None:
    with Installation(Settings(home=tmp_path / "there"), service="test") as there:
        copy_records(here.records, there.records, lambda _done, _total: None)
        require_equal(here.records, there.records)
        assert stored(there) == GATEWAY
    keys = [(home / "credentials.key").read_bytes() for home in (here.settings.home, tmp_path / "there")]
    assert keys[0] != keys[1]
    assert "s3cret" not in documents(tmp_path / "there")


def _fields(kind: type[Any], seen: set[type[Any]]) -> Iterator[tuple[type[Any], Any]]:
    """The fields of a dataclass and of those inside it."""
    if kind in seen:
        return
    seen.add(kind)
    hints = typing.get_type_hints(kind)
    for each in dataclasses.fields(kind):
        yield kind, each
        for inner in _classes(hints[each.name]):
            yield from _fields(inner, seen)


def _classes(hint: Any) -> Iterator[type[Any]]:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        yield hint
    for each in typing.get_args(hint):
        yield from _classes(each)


def test_every_field_that_is_called_a_secret_is_kept_as_one() -> None:
    seen: set[type[Any]] = set()
    called_so = {
        (kind, each.name): each
        for top in KINDS
        for kind, each in _fields(top, seen)
        if PLAIN_TEXT.search(each.name) and not NAMES_A_CREDENTIAL.search(each.name)
    }
    assert {name for _, name in called_so} == {"oauth_client_secret", "password_hash"}
    assert all(each.metadata.get("secret") for each in called_so.values())


@pytest.mark.parametrize("kind", [each for each in KINDS if secret_fields(each)])
def test_a_secret_is_neither_searched_by_nor_shown(kind: type[Record]) -> None:
    assert not set(secret_fields(kind)) & set(kind.columns())
    fields: Any = kind
    assert not any(each.repr for each in dataclasses.fields(fields) if each.name in secret_fields(kind))


def test_kinds_without_secrets_pass_as_they_are(here: Installation) -> None:
    made = Project(project_id="water", owner="ada", gateway_id="seagrid", name=f"{ENCRYPTED}not so")
    with here.records.transaction() as records:
        records.put_all(Project, [made])
    with here.records.reading() as records:
        assert records.find(Project) == [made]
