"""``airavata-workload token``: what it prints, and what it never does."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from airavata_workload.cli.main import run
from airavata_workload.cli.reference import documented
from airavata_workload.cli.views.token_views import identity_form, token_form
from airavata_workload.domain.access_token import Identity, IssuedToken
from airavata_workload.domain.caller import Role


class Line:
    """The command line in one home."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.capsys, self.monkeypatch = home, capsys, monkeypatch

    def __call__(self, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run(["--home", str(self.home), "token", *arguments])
        captured = self.capsys.readouterr()
        return code, captured.out, captured.err


@pytest.fixture
def token(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setenv("AIRAVATA_WORKLOAD_HOME", str(tmp_path / "home"))
    return Line(tmp_path / "home", capsys, monkeypatch)


def created(token: Line, *more: str) -> str:
    code, out, err = token("create", "--user", "ada", "--gateway", "portal", *more)
    assert code == 0, err
    assert out.count("\n") == 1, "a script can take it from there"
    return out.strip()


def test_a_token_is_printed_once_and_checked(token: Line) -> None:
    text = created(token, "--role", "admin", "--role", "user", "--valid", "2h")
    code, out, _ = token("check", "--output", "json", stdin=f"{text}\n")
    assert code == 0
    said = json.loads(out)
    assert (said["user"], said["gateway"], said["roles"]) == ("ada", "portal", ["admin", "user"])
    code, out, _ = token("list")
    assert "admin, user" in out
    assert text not in out


def test_a_revoked_token_is_refused(token: Line) -> None:
    text = created(token)
    token_id = json.loads(token("list", "--output", "json")[1])[0]["token_id"]
    assert token("revoke", token_id)[0] == 0
    code, _, err = token("check", stdin=text)
    assert code == 5
    assert "was revoked" in err
    assert token("revoke", "nothing")[0] == 4


def test_a_new_key_keeps_tokens_or_refuses_all(token: Line) -> None:
    text = created(token)
    assert token("renew-key")[0] == 0
    assert token("check", stdin=text)[0] == 0
    assert token("renew-key", "--revoke-all")[0] == 0
    assert token("check", stdin=text)[0] == 5


@pytest.mark.parametrize(("given", "code"), [("", 5), ("hello", 5), ("a.b.c", 5), ("x" * 40_000, 5)])
def test_what_is_no_token_is_refused_without_repeating_it(token: Line, given: str, code: int) -> None:
    found, out, err = token("check", stdin=given)
    assert found == code
    assert not given or given not in out + err


def test_a_time_that_is_none_is_wrong_use(token: Line) -> None:
    code, out, err = token("create", "-u", "a", "-g", "b", "--valid", "soon")
    assert (code, out) == (2, "")
    assert "--valid must be a time" in err


def test_who_issues_no_tokens_says_so(token: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRAVATA_WORKLOAD_TOKEN_VERIFIERS", "[]")
    code, _, err = token("list")
    assert code == 2
    assert 'Add "own"' in err


def test_options_of_a_verifier_that_is_not_used_are_a_mistake(token: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRAVATA_WORKLOAD_OPTIONS__TOKEN_VERIFIERS", '{"oidc": {"audience": ["x"]}}')
    code, _, err = token("list")
    assert code == 2
    assert "[options.token_verifiers.oidc]" in err


def test_the_json_forms_have_the_members_that_they_document() -> None:
    common: dict[str, Any] = {
        "user": "u",
        "gateway": "g",
        "roles": frozenset(Role),
        "expires_at_us": 2,
        "token_id": "t",
    }
    assert set(token_form(IssuedToken(**common, issued_at_us=1))) == set(documented(token_form)[1])
    assert set(identity_form(Identity(**common))) == set(documented(identity_form)[1])
