"""The part of ``migrate`` that is about what portals keep: copied whole, told from others, never held all at once."""

from __future__ import annotations

import tracemalloc
import typing
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.errors import ConflictError
from airavata_workload.domain.gateway_storage import GatewayStorage
from airavata_workload.migration import portal_records
from airavata_workload.migration.portal_records import copy_records, missing_records, require_equal
from airavata_workload.migration.storage import storage_advice
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.records.document import from_document
from airavata_workload.records.gateway_profiles import GatewayResourceProfile
from airavata_workload.records.gateways import Gateway, GatewayApprovalStatus
from airavata_workload.records.kinds import KINDS
from airavata_workload.records.projects import Project
from airavata_workload.records.record import Record
from airavata_workload.records.sharing import UserGroup
from airavata_workload.records.storage_resources import StorageResource
from airavata_workload.settings import Settings
from airavata_workload.testing.record_samples import project

GATEWAY = Gateway(
    gateway_id="seagrid", gateway_approval_status=GatewayApprovalStatus.ACTIVE, oauth_client_secret="s3cret-word"
)


def _silent(_done: int, _total: int) -> None:
    pass


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    """An installation with nothing in it."""
    with Installation(Settings(home=tmp_path / "here"), service="test") as made:
        yield made


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Installation]:
    """Another one, whose records are in a database that a URL names."""
    options: Any = {"record_store": {"url": f"sqlite:///{tmp_path / 'there.db'}"}}
    settings = Settings(home=tmp_path / "there", record_store="sql", options=options)
    with Installation(settings, service="test") as made:
        yield made


def put(store: RecordStore, *records: Record) -> None:
    with store.transaction() as stored:
        for each in records:
            stored.put(each)


def everything(store: RecordStore) -> list[Record]:
    with store.reading() as records:
        return [each for kind in KINDS for each in records.find(kind)]


def started(installation: Installation) -> None:
    """As after the first start of an API server."""
    installation.api().first_start.offer("default", installation.storage)


def move(source: RecordStore, target: RecordStore) -> int:
    """What the command does with records; how many were missing."""
    missing = missing_records(source, target)
    copy_records(source, target, _silent)
    require_equal(source, target)
    return missing


# -- copying ---------------------------------------------------------------------------------
def test_every_kind_arrives_as_it_was(here: Installation, there: Installation) -> None:
    for kind in KINDS:
        put(here.records, _some(kind))
    assert move(here.records, there.records) == len(KINDS)
    assert everything(there.records) == everything(here.records)
    assert move(here.records, there.records) == 0


def _some(kind: type[Record]) -> Record:
    """A record whose texts are all set."""
    texts = {name: name for name, hint in typing.get_type_hints(kind).items() if hint in (str, str | None)}
    return from_document(kind, texts)


def test_pages_hold_every_record_once(here: Installation, there: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_records, "RECORDS_AT_ONCE", 3)
    made = [project(project_id=each) for each in ("a", "B", "b", "ä", "z|1", "Z", "z")]
    told: list[tuple[int, int]] = []
    put(here.records, *made)
    copy_records(here.records, there.records, lambda done, total: told.append((done, total)))
    with there.records.reading() as records:
        assert {each.project_id: each for each in records.find(Project)} == {each.project_id: each for each in made}
    assert told == [(3, 7), (6, 7), (7, 7)]


def test_an_interrupted_copy_goes_on(here: Installation, there: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_records, "RECORDS_AT_ONCE", 2)
    put(here.records, *(project(name=f"{number}") for number in range(5)))

    class Killed(BaseException):
        pass

    def killed(done: int, _total: int) -> None:
        if done == 4:
            raise Killed

    with pytest.raises(Killed):
        copy_records(here.records, there.records, killed)
    assert move(here.records, there.records) == 1
    assert everything(there.records) == everything(here.records)


def test_a_store_that_both_use_is_left_as_it_is(here: Installation) -> None:
    started(here)
    before = everything(here.records)
    with Installation(here.settings, service="twin") as twin:
        assert move(here.records, twin.records) == 0
    assert everything(here.records) == before


def test_memory_does_not_grow_with_the_number_of_records(
    here: Installation, there: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portal_records, "RECORDS_AT_ONCE", 50)

    def peak_of_a_move(count: int) -> int:
        with here.records.transaction() as records:
            records.put_all(Project, [project(description="water " * 500) for _ in range(count)])
        tracemalloc.start()
        try:
            move(here.records, there.records)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak_of_a_move(1)  # what is made once, and kept
    assert peak_of_a_move(300) < 1.5 * peak_of_a_move(100)


# -- what is there already -----------------------------------------------------------------------
def test_other_records_of_the_same_ids_are_refused_by_name_and_nothing_is_changed(
    here: Installation, there: Installation
) -> None:
    put(here.records, GATEWAY, project())
    other = replace(GATEWAY, oauth_client_secret="0ther-word")
    put(there.records, other)
    for refusing in (missing_records, require_equal, lambda ours, theirs: copy_records(ours, theirs, _silent)):
        with pytest.raises(ConflictError, match="Gateway 'seagrid'") as refused:
            refusing(here.records, there.records)
        assert "-word" not in str(refused.value)
    with there.records.reading() as records:
        assert records.get(Gateway, "seagrid") == other


def test_many_that_differ_are_counted_and_a_few_named(here: Installation, there: Installation) -> None:
    ours = [project() for _ in range(8)]
    put(here.records, *ours)
    put(there.records, *(replace(each, name="Other") for each in ours))
    with pytest.raises(ConflictError, match=r"8 records .*, \.\.\.\.") as refused:
        missing_records(here.records, there.records)
    assert str(refused.value).count("Project '") == 5


def test_a_record_that_was_lost_is_noticed(here: Installation, there: Installation) -> None:
    put(here.records, *(project() for _ in range(3)))
    copy_records(here.records, there.records, _silent)
    with there.records.transaction() as records:
        records.delete(Project, records.keys(Project)[1])
    with pytest.raises(ConflictError, match="1 are not in the target"):
        require_equal(here.records, there.records)


# -- two first starts ------------------------------------------------------------------------------
def test_what_an_api_server_registered_at_its_first_start_gives_way(here: Installation, there: Installation) -> None:
    started(here)
    put(here.records, project(gateway_id="default"))
    started(there)
    assert move(here.records, there.records) == len(everything(here.records))
    assert everything(there.records) == everything(here.records)
    before = everything(there.records)
    started(there)
    after = everything(there.records)
    assert [each for each in after if each not in before] == [
        each for each in after if isinstance(each, GatewayResourceProfile)
    ], "the next start says where the storage is now"


def test_a_first_start_that_is_in_nobodys_way_stays(here: Installation, there: Installation) -> None:
    put(here.records, GATEWAY)
    started(there)
    before = everything(there.records)
    assert move(here.records, there.records) == 1
    assert [each for each in everything(there.records) if each != GATEWAY] == before


@pytest.mark.parametrize("gateway", ["default", ""])
@pytest.mark.parametrize("with_storage", [True, False])
def test_a_first_start_with_less_gives_way_too(
    here: Installation, there: Installation, gateway: str, with_storage: bool
) -> None:
    for each in (here, there):
        each.api().first_start.offer(gateway, each.storage if with_storage else None)
    move(here.records, there.records)
    assert everything(there.records) == everything(here.records)


def _renamed(store: RecordStore) -> None:
    with store.transaction() as records:
        gateway = records.get(Gateway, "default")
        assert gateway is not None
        records.put(replace(gateway, gateway_name="SEAGrid"))


def _new_group(store: RecordStore) -> None:
    put(store, UserGroup(domain_id="default", group_id="chemists", name="Chemists", owner_id="admin@default"))


def _changed_storage(store: RecordStore) -> None:
    with store.transaction() as records:
        (found,) = records.find(StorageResource)
        records.put(replace(found, updated_at_ms=1))


def _changed_profile(store: RecordStore) -> None:
    with store.transaction() as records:
        (found,) = records.find(GatewayResourceProfile)
        records.put(replace(found, credential_store_token="door"))


@pytest.mark.parametrize("change", [_renamed, _new_group, _changed_storage, _changed_profile])
def test_a_first_start_that_somebody_has_worked_on_does_not(
    here: Installation, there: Installation, change: Callable[[RecordStore], None]
) -> None:
    started(here)
    started(there)
    change(there.records)
    before = everything(there.records)
    with pytest.raises(ConflictError):
        missing_records(here.records, there.records)
    with pytest.raises(ConflictError):
        copy_records(here.records, there.records, _silent)
    assert everything(there.records) == before


# -- the users' files --------------------------------------------------------------------------------
def storage(root: Path, host_name: str = "localhost") -> GatewayStorage:
    return GatewayStorage(host_name=host_name, root=root)


def test_files_that_both_have_need_no_advice(tmp_path: Path) -> None:
    (tmp_path / "default" / "ada").mkdir(parents=True)
    assert list(storage_advice(storage(tmp_path), storage(tmp_path))) == []
    assert list(storage_advice(storage(tmp_path / "nothing"), None)) == []
    assert list(storage_advice(None, storage(tmp_path))) == []


def test_files_that_the_other_one_would_not_find_are_told_of(tmp_path: Path) -> None:
    (tmp_path / "default").mkdir()
    ours = storage(tmp_path)
    (none,) = storage_advice(ours, None)
    (elsewhere,) = storage_advice(ours, storage(tmp_path / "there"))
    (renamed,) = storage_advice(ours, storage(tmp_path, "files.example.org"))
    assert f'root = "{tmp_path}"' in none
    assert f'root = "{tmp_path}"' in elsewhere
    assert 'public_host = "localhost"' in renamed
    assert len(list(storage_advice(ours, storage(tmp_path / "there", "files.example.org")))) == 2
