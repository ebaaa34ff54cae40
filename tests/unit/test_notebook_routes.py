"""The routes under /api/v1: what agents would answer, and plans."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from notebook_site import PATIENCE_S, Site

from airavata_workload.domain.errors import DeniedError, SettingsError


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path) as site:
        yield site


def test_there_are_no_agents_and_the_words_are_those_on_which_the_sdk_turns_to_sftp(site: Site) -> None:
    none = (404, {"error": "Agent not found", "executionId": None})
    command = {"agentId": "a", "arguments": ["ls"]}
    for path in ("agent/execute/shell", "agent/execute/python", "setup/env"):
        assert site.ask("POST", f"/api/v1/{path}", command, token="") == none
    for path in ("agent/execute/shell/1", "agent/execute/python/1", "agent/setup/env/1"):
        assert site.ask("GET", f"/api/v1/{path}", token="") == none
    status, told = site.ask("GET", "/api/v1/some-agent", token="")
    assert (status, told["agentUp"]) == (200, False)


def test_a_file_that_is_sent_to_an_agent_is_let_go(tmp_path: Path) -> None:
    with Site(tmp_path, request_bytes=1024) as site:
        assert site.ask("POST", "/api/v1/agent/execute/shell", b"x" * 5_000_000)[0] == 404
        assert site.ask("POST", "/api/v1/plan", b"x" * 5_000)[0] == 400


def test_plans_are_kept_for_each_user(site: Site) -> None:
    plan = {"id": "p-1", "tasks": [{"name": "first"}]}
    status, told = site.ask("POST", "/api/v1/plan", plan)
    assert (status, json.loads(told["data"])) == (200, plan)
    assert site.ask("POST", "/api/v1/plan", plan)[0] == 409
    assert site.ask("POST", "/api/v1/plan", plan, user="bob")[0] == 200
    changed = {**plan, "tasks": []}
    assert json.loads(site.ask("PUT", "/api/v1/plan/p-1", changed)[1]["data"]) == changed
    assert json.loads(site.ask("GET", "/api/v1/plan/p-1")[1]["data"]) == changed
    assert json.loads(site.ask("GET", "/api/v1/plan/p-1", user="bob")[1]["data"]) == plan
    site.ask("POST", "/api/v1/plan", {"id": "p-2"})
    assert [each["id"] for each in site.ask("GET", "/api/v1/plan/user")[1]] == ["p-2", "p-1"]
    assert site.ask("GET", "/api/v1/plan/user", user="carol") == (200, [])
    assert site.ask("GET", "/api/v1/plan/p-9")[0] == 404
    assert site.ask("PUT", "/api/v1/plan/p-9", plan)[0] == 404


def test_whoever_proves_nothing_gets_nothing(site: Site) -> None:
    for token, status in (("bad", 401), ("", 401), ("later", 503)):
        for method, path in (("POST", "plan"), ("PUT", "plan/p"), ("GET", "plan/p"), ("GET", "plan/user")):
            assert site.ask(method, f"/api/v1/{path}", {"id": "p"}, token=token)[0] == status


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_plan_is_refused(site: Site, body: bytes) -> None:
    assert site.ask("POST", "/api/v1/plan", body)[0] == 400
    assert site.ask("POST", "/api/v1/plan", {"id": "../p"})[0] == 400


def test_other_paths_are_not_there(site: Site) -> None:
    for method, path in (
        ("GET", "/"),
        ("GET", "/api/v1"),
        ("GET", "/api/v1/"),
        ("POST", "/api/v1/x"),
        ("PUT", "/plan"),
    ):
        assert site.ask(method, path)[0] == 404


def test_a_client_that_says_nothing_takes_one_place_for_a_while(tmp_path: Path) -> None:
    with (
        Site(tmp_path, connections=1, request_time_s=0.2) as site,
        socket.create_connection(site.address, timeout=PATIENCE_S) as silent,
    ):
        silent.sendall(b"POST /api/v1/plan HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
        while silent.recv(1000):
            pass


def test_a_port_that_is_taken_and_an_open_door_are_refused(site: Site, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be opened"):
        Site(tmp_path, port=site.address[1])
    with pytest.raises(DeniedError):
        Site(tmp_path, insecure=True, host="0.0.0.0")  # noqa: S104 - refused
