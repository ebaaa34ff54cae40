from __future__ import annotations

import base64
import hashlib
import hmac
import subprocess
from pathlib import Path

import pytest

from airavata_adapters.remote_shells.host_keys import HostKeyChecker, fingerprint, parse_known_hosts
from airavata_workload.domain.errors import HostKeyError

KEY, OTHER_KEY = b"the key", b"another key"


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


def hashed(name: str) -> str:
    salt = b"0123456789abcdefghij"
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def checker(tmp_path: Path, text: str, host: str = "login.example.org", port: int = 22) -> HostKeyChecker:
    file = tmp_path / "known_hosts"
    file.write_text(text)
    return HostKeyChecker(host, port, str(file))


@pytest.mark.parametrize(
    "line",
    [
        "login.example.org ssh-ed25519 {key}",
        "other,login.example.org ssh-ed25519 {key} a comment",
        "LOGIN.Example.ORG ssh-ed25519 {key}",
        "*.example.org ssh-ed25519 {key}",
        "login.example.?rg ssh-ed25519 {key}",
        "# comment\n\n  login.example.org\tssh-ed25519\t{key}",
        "{hashed} ssh-ed25519 {key}",
        "login.example.org ssh-rsa {other}\nlogin.example.org ssh-ed25519 {key}",
        "not a line\nlogin.example.org ssh-ed25519 not-base64\nlogin.example.org ssh-ed25519 {key}",
    ],
)
def test_a_known_key_is_accepted(tmp_path: Path, line: str) -> None:
    text = line.format(key=encoded(KEY), other=encoded(OTHER_KEY), hashed=hashed("login.example.org"))
    checker(tmp_path, text).check("ssh-ed25519", KEY)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "example.org ssh-ed25519 {key}",
        "loginXexample.org ssh-ed25519 {key}",
        "*.example.org,!login.example.org ssh-ed25519 {key}",
        "[login.example.org]:2222 ssh-ed25519 {key}",
        "@cert-authority *.example.org ssh-ed25519 {key}",
        "|1|garbage ssh-ed25519 {key}",
    ],
)
def test_an_unknown_host_is_refused_with_the_command_to_accept_it(tmp_path: Path, line: str) -> None:
    with pytest.raises(HostKeyError, match="not known") as caught:
        checker(tmp_path, line.format(key=encoded(KEY))).check("ssh-ed25519", KEY)
    assert fingerprint(KEY) in caught.value.message
    assert f"ssh-keyscan -p 22 login.example.org >> {tmp_path}/known_hosts" in str(caught.value.remedy)


@pytest.mark.parametrize("name", ["login.example.org", hashed("login.example.org"), "*"])
def test_a_changed_key_is_refused_with_both_fingerprints(tmp_path: Path, name: str) -> None:
    with pytest.raises(HostKeyError, match="changed") as caught:
        checker(tmp_path, f"{name} ssh-ed25519 {encoded(OTHER_KEY)}").check("ssh-ed25519", KEY)
    assert fingerprint(KEY) in caught.value.message
    assert fingerprint(OTHER_KEY) in caught.value.message
    assert f"ssh-keygen -f {tmp_path}/known_hosts -R login.example.org && ssh-keyscan" in str(caught.value.remedy)


def test_a_revoked_key_is_refused_whatever_else_the_file_says(tmp_path: Path) -> None:
    text = f"login.example.org ssh-ed25519 {encoded(KEY)}\n@revoked * ssh-ed25519 {encoded(KEY)}"
    with pytest.raises(HostKeyError, match="revoked"):
        checker(tmp_path, text).check("ssh-ed25519", KEY)


def test_other_ports_have_their_own_keys(tmp_path: Path) -> None:
    text = f"[login.example.org]:2222 ssh-ed25519 {encoded(KEY)}\nlogin.example.org ssh-ed25519 {encoded(OTHER_KEY)}"
    on_2222 = checker(tmp_path, text, port=2222)
    on_2222.check("ssh-ed25519", KEY)
    with pytest.raises(HostKeyError, match="changed") as caught:
        on_2222.check("ssh-ed25519", OTHER_KEY)
    assert "-R '[login.example.org]:2222'" in str(caught.value.remedy)


def test_a_key_filed_without_port_serves_another_port(tmp_path: Path) -> None:
    on_2222 = checker(tmp_path, f"login.example.org ssh-ed25519 {encoded(KEY)}", port=2222)
    on_2222.check("ssh-ed25519", KEY)
    with pytest.raises(HostKeyError, match="not known"):
        on_2222.check("ssh-ed25519", OTHER_KEY)


def test_known_key_types_are_asked_for_first(tmp_path: Path) -> None:
    offered = ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"]
    assert checker(tmp_path, "").preferred(offered) == offered
    rsa = checker(tmp_path, f"login.example.org ssh-rsa {encoded(KEY)}")
    assert rsa.preferred(offered) == ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519", "ecdsa-sha2-nistp256"]


def test_a_missing_file_knows_nobody_and_an_unreadable_one_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HostKeyError, match="not known"):
        HostKeyChecker("h", 22, str(tmp_path / "none")).check("ssh-ed25519", KEY)
    with pytest.raises(HostKeyError, match="Cannot read"):
        HostKeyChecker("h", 22, str(tmp_path))


def test_reads_what_ssh_keygen_writes(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, timeout=60)
    kind, blob = (tmp_path / "key.pub").read_text().split()[:2]
    file = tmp_path / "hosts"
    file.write_text(f"[h.example]:2222 {kind} {blob}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True, timeout=60)
    (line,) = parse_known_hosts(file.read_text())
    assert line.patterns[0].startswith("|1|")
    HostKeyChecker("h.example", 2222, str(file)).check(kind, base64.b64decode(blob))
    shown = subprocess.run(["ssh-keygen", "-lf", str(key)], capture_output=True, text=True, check=True, timeout=60)
    assert fingerprint(line.key) == shown.stdout.split()[1]
