"""Certificates that are renewed, or that end, while the server runs."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import thrift_site
from thrift_site import Site

from airavata_adapters.thrift_api import server, tls_renewal
from airavata_adapters.thrift_api.failed_handshakes import TOLD_EVERY_S, FailedHandshakes
from airavata_adapters.thrift_api.tls import TlsFiles, failure
from airavata_adapters.thrift_api.tls_renewal import LOOK_EVERY_S, RenewedTls


def replace_files(old: TlsFiles, folder: Path) -> None:
    """Others, of another authority, at the same place, as programs do that renew certificates."""
    folder.mkdir()
    new = thrift_site.certificates(folder)
    for name in ("certificate", "private_key", "peer_ca"):
        getattr(new, name).replace(getattr(old, name))


def test_changed_files_are_taken_up_when_it_is_time_to_look(tmp_path: Path) -> None:
    files = thrift_site.certificates(tmp_path)
    tls = RenewedTls(files)
    first, start_s = tls.context, tls._next_look_s
    tls.look(start_s)
    assert tls.context is first
    replace_files(files, tmp_path / "new")
    tls.look(start_s + LOOK_EVERY_S - 1)
    assert tls.context is first
    tls.look(start_s + LOOK_EVERY_S)
    assert tls.context is not first
    assert tls.trouble == ""


def test_files_that_cannot_be_used_leave_the_old_ones_in_force_and_are_a_trouble(tmp_path: Path) -> None:
    files = thrift_site.certificates(tmp_path)
    assert files.private_key is not None
    tls = RenewedTls(files)
    first, start_s = tls.context, tls._next_look_s
    good = files.private_key.read_bytes()
    files.private_key.write_text("half a key")
    tls.look(start_s)
    assert tls.context is first
    assert str(files.private_key) in tls.trouble
    files.private_key.write_bytes(good)
    tls.look(start_s + LOOK_EVERY_S)
    assert tls.trouble == ""


def test_a_certificate_that_has_expired_is_a_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = RenewedTls(thrift_site.certificates(tmp_path))
    assert tls.trouble == ""
    monkeypatch.setattr(tls, "_expires_at", datetime.now(UTC) - timedelta(days=1))
    assert "expired on" in tls.trouble


def test_a_server_that_runs_takes_new_clients_with_new_files_and_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_renewal, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(server, "SWEEP_S", 0.01)
    files = thrift_site.certificates(tmp_path)
    with Site(tls=files) as site:
        before = site.client()
        old_authority = tmp_path / "old.pem"
        assert files.peer_ca is not None
        old_authority.write_bytes(files.peer_ca.read_bytes())
        replace_files(files, tmp_path / "new")
        context = ssl.create_default_context(cafile=str(old_authority))
        deadline = datetime.now(UTC) + timedelta(seconds=thrift_site.PATIENCE_S)
        refused = False
        while not refused and datetime.now(UTC) < deadline:
            try:
                context.wrap_socket(site.socket(), server_hostname="127.0.0.1").close()
            except ssl.SSLCertVerificationError:
                refused = True
        assert refused
        assert site.client().getAPIVersion(None) == before.getAPIVersion(None) == "0.18.0"
        assert site.server.troubles == {}


def test_the_log_names_a_reason_once_a_minute_with_the_number_of_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed = FailedHandshakes()
    for second in range(4):
        failed.add("api_tls", "no certificate", f"10.0.0.{second}", float(second))
    failed.add("api_tls", "no certificate", "10.0.0.9", TOLD_EVERY_S)
    failed.add("registry", "no certificate", "10.0.0.9", TOLD_EVERY_S)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert [("others=3" in line, "10.0.0.9" in line) for line in lines] == [(False, False), (True, True), (False, True)]


def test_who_only_leaves_is_no_failure() -> None:
    assert failure(ConnectionResetError()) == ""
    assert failure(ssl.SSLEOFError()) == ""
