"""Texts that are not UTF-8, on their way in and on their way out."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import pytest
from thrift.Thrift import TApplicationException
from thrift_site import TOKEN, Orchestration, Projects, Site, answers, call

from airavata_adapters.thrift_api.codec import UndecodableError
from airavata_adapters.thrift_api.dialects import Dialect
from airavata_adapters.thrift_api.wire import DialectCodec, write_struct
from airavata_adapters.thrift_api.worker_pool import WorkerPool
from airavata_thrift.airavata_api import Airavata
from airavata_thrift.api_errors.ttypes import ProjectNotFoundException
from airavata_thrift.application_io.ttypes import InputDataObjectType
from airavata_thrift.authorization.ttypes import AuthzToken
from airavata_thrift.experiments.ttypes import ExperimentModel
from airavata_thrift.orchestrator import OrchestratorService
from airavata_thrift.processes.ttypes import ProcessModel
from airavata_thrift.tasks.ttypes import TaskModel
from airavata_thrift.workspaces.ttypes import Project
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.thing import ThingKind
from airavata_workload.records.projects import Project as ProjectRecord

MARK, LATIN_1 = "MARKMARK", b"Z\xfcrich\xff\xff"
"""Equally long, so that one takes the other's place among the bytes."""

HALF_A_PAIR = "half \ud83d of a pair"
EXCEPTION = 3


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def decoded(content: bytes, dialect: Dialect | None = None) -> Any:
    codec = DialectCodec(dialect)
    return codec.decode(Airavata.createExperiment_args, content, codec.new_state())


def written(arguments: Any) -> bytes:
    return write_struct(arguments, Dialect.CLASSIC.span)


def experiment(**fields: Any) -> Any:
    return Airavata.createExperiment_args(TOKEN, "g", ExperimentModel(**fields))


@pytest.mark.parametrize("dialect", [None, *Dialect])
@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (Airavata.createExperiment_args(gatewayId=MARK), "gatewayId"),
        (Airavata.createExperiment_args(AuthzToken("t", {MARK: "ada"})), "authzToken.claimsMap"),
        (Airavata.createExperiment_args(AuthzToken("t", {"userName": MARK})), "authzToken.claimsMap"),
        (experiment(emailAddresses=["a@b", MARK]), "experiment.emailAddresses"),
        (experiment(experimentInputs=[InputDataObjectType(value=MARK)]), "experiment.experimentInputs.value"),
    ],
    ids=["argument", "key", "value", "list", "struct"],
)
def test_a_text_that_is_not_utf_8_is_refused_by_its_place(arguments: Any, place: str, dialect: Dialect | None) -> None:
    content = written(arguments).replace(MARK.encode(), LATIN_1)
    with pytest.raises(UndecodableError, match=rf"The text in {place} is not UTF-8"):
        decoded(content, dialect)


@pytest.mark.parametrize("raw", [b"\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82"])
def test_so_are_halves_of_pairs_long_forms_and_what_is_cut_off(raw: bytes) -> None:
    with pytest.raises(UndecodableError, match="gatewayId"):
        decoded(b"\x0b\x00\x02" + len(raw).to_bytes(4, "big") + raw + b"\x00")


def test_every_character_of_unicode_is_a_text_that_of_replacement_too() -> None:
    name = "Zürich 東京 \U0001f9ea \ufffd \x00"
    assert decoded(written(experiment(experimentName=name))).experiment.experimentName == name


def test_texts_that_were_not_sent_have_their_defaults() -> None:
    ids = {row[2]: row[0] for row in ExperimentModel.thrift_spec if row is not None}
    name = b"\x0b" + ids["experimentName"].to_bytes(2, "big") + b"\x00\x00\x00\x03\xef\xbf\xbd"
    read = decoded(b"\x0c\x00\x03" + name + b"\x00\x00").experiment
    assert read.experimentName == "\ufffd"
    assert read.experimentId == ExperimentModel().experimentId == "DO_NOT_SET_AT_CLIENTS"


def test_bytes_may_be_any_and_so_may_fields_that_nobody_knows() -> None:
    tasks = [TaskModel(taskId="\ufffd", subTaskModel=LATIN_1)]
    content = written(experiment(processes=[ProcessModel(processId="p", tasks=tasks)]))
    unknown = b"\x0b\x03\xe7\x00\x00\x00\x02\xff\xfe"
    read = decoded(unknown + content)
    assert read.experiment.processes[0].tasks[0].subTaskModel == LATIN_1


def test_over_the_wire_it_is_told_and_nothing_is_done_and_the_connection_goes_on(site: Site) -> None:
    project = Project(owner="ada", gatewayId="portal", name=MARK)
    content = call("createProject", Airavata.createProject_args(TOKEN, "portal", project))
    with site.socket() as connection:
        connection.sendall(content.replace(MARK.encode(), LATIN_1) + content)
        refused, done = answers(connection, 2)
    assert refused[:3] == ("createProject", EXCEPTION, 7)
    assert "The text in project.name is not UTF-8" in refused[3]
    assert done[3] == f"ada@portal: {MARK}"
    assert list(site.projects.kept) == [MARK]


def test_a_method_is_named_in_utf_8(site: Site) -> None:
    head = struct.pack(">II", 0x80010001, 2) + b"\xc3\x28" + struct.pack(">i", 1)
    with site.socket() as connection:
        connection.sendall(head + b"\0")
        ((_, kind, _, text),) = answers(connection, 1)
    assert kind == EXCEPTION
    assert "UTF-8" in text


# -- on the way out: from names of files and from JSON, where half a pair can be written as \ud83d -------------------
def test_an_error_that_utf_8_cannot_say_is_told_nevertheless(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def get(_self: object, _caller: Caller, project_id: str) -> ProjectRecord:
        raise NotFoundError(f"There is no project '{HALF_A_PAIR}', or {project_id}.", missing=ThingKind.PROJECT)

    def launch(_self: object, _caller: Caller, experiment_id: str, gateway_id: str) -> bool:
        raise NotFoundError(f"There is no experiment '{HALF_A_PAIR}', {experiment_id} or {gateway_id}.")

    monkeypatch.setattr(Projects, "get", get)
    monkeypatch.setattr(Orchestration, "launch", launch)
    client = site.client()
    with pytest.raises(ProjectNotFoundException) as caught:
        client.getProject(TOKEN, "p")
    assert r"half \ud83d of a pair" in caught.value.message
    with pytest.raises(TApplicationException, match=r"half \\ud83d of a pair"):
        site.client(kind=OrchestratorService, listener="orchestrator").launchExperiment("e", "g")
    assert client.getAPIVersion(None) == "0.18.0"
    assert site.server.alive


def test_a_result_that_utf_8_cannot_say_is_a_fault_of_ours_and_kills_nobody(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(_self: object, _caller: Caller, gateway_id: str, project: ProjectRecord) -> str:
        return f"{HALF_A_PAIR} of {gateway_id}, {project.name}"

    monkeypatch.setattr(Projects, "create", create)
    with site.socket() as connection:
        arguments = Airavata.createProject_args(TOKEN, "g", Project(owner="a", gatewayId="g", name="n"))
        connection.sendall(call("createProject", arguments) * 8)
        connection.sendall(call("getAPIVersion", Airavata.getAPIVersion_args()))
        found = answers(connection, 9)
    assert [name for name, *_ in found] == ["createProject"] * 8 + ["getAPIVersion"]
    assert site.server.alive


def _broken() -> None:
    raise RuntimeError("broken")


def test_a_thread_outlives_work_that_raises() -> None:
    pool, done = WorkerPool(1), []
    pool.start()
    pool.put(_broken)
    pool.put(lambda: done.append(True))
    assert pool.stop(20)
    assert done == [True]
