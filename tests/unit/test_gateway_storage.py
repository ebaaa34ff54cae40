"""The gateways' storage as an SFTP client sees it: what it may do, and how it stays in its own directory."""

from __future__ import annotations

import contextlib
import inspect
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
import storage_site
from paramiko.sftp import CMD_CLOSE, CMD_HANDLE, CMD_NAME, CMD_OPENDIR, CMD_READDIR
from storage_site import PATIENCE_S, StorageSite

from airavata_adapters.gateway_storage.directory_listing import DirectoryListing
from airavata_adapters.gateway_storage.sftp_files import SftpFolder
from airavata_adapters.gateway_storage.sftp_subsystem import BoundedSftp
from airavata_workload.domain.errors import DeniedError, InputError, SettingsError
from airavata_workload.domain.gateway_storage import GatewayStorage

REFUSED = "Failure|Permission denied|No such file"
"""What paramiko makes of the three codes of a refusal."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[StorageSite]:
    with StorageSite(tmp_path) as site:
        yield site


def test_a_user_works_in_a_directory_of_their_own(site: StorageSite, tmp_path: Path) -> None:
    sftp = site.sftp()
    with pytest.raises(FileNotFoundError):
        sftp.lstat("/Project")
    sftp.mkdir("/Project")
    sftp.mkdir("/Project/run")
    local = tmp_path / "input.txt"
    local.write_bytes(b"input" * 100_000)
    sftp.put(str(local), "/Project/run/input.txt")
    assert (site.directory() / "Project" / "run" / "input.txt").read_bytes() == local.read_bytes()
    assert sftp.listdir("/Project/run") == ["input.txt"]
    sftp.get("/Project/run/input.txt", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == local.read_bytes()
    sftp.rename("/Project/run/input.txt", "/Project/other")
    assert stat.S_ISREG(sftp.stat("/Project/other").st_mode or 0)
    sftp.remove("/Project/other")
    sftp.rmdir("/Project/run")
    assert sftp.listdir("/Project") == []
    assert site.sftp("bob").listdir("/") == [], "and another user sees nothing of it"


def test_files_open_in_every_mode(site: StorageSite) -> None:
    sftp = site.sftp()
    with sftp.open("/notes", "w") as file:
        file.write("one\n")
    with sftp.open("/notes", "a") as file:
        file.write("two\n")
    with sftp.open("/notes", "r+") as file:
        file.write("ONE")
    with sftp.open("/notes", "r") as file:
        assert file.read() == b"ONE\ntwo\n"
    with pytest.raises(OSError, match=REFUSED):
        sftp.open("/notes", "x")
    with pytest.raises(FileNotFoundError):
        sftp.open("/nothing", "r")
    with pytest.raises(OSError, match=REFUSED):
        sftp.open("/", "r")


def test_attributes_are_set_and_owners_stay(site: StorageSite) -> None:
    sftp = site.sftp()
    with sftp.open("/data", "w") as file:
        file.write(b"0123456789")
        file.truncate(8)
    sftp.truncate("/data", 4)
    sftp.chmod("/data", 0o4640)
    sftp.utime("/data", (1_000, 2_000))
    found = (site.directory() / "data").stat()
    assert (found.st_size, stat.S_IMODE(found.st_mode), found.st_atime, found.st_mtime) == (4, 0o640, 1_000, 2_000)
    with pytest.raises(PermissionError):
        sftp.chown("/data", os.getuid() + 1, os.getgid())


def test_a_name_that_is_taken_is_replaced_only_if_that_is_asked_for(site: StorageSite) -> None:
    sftp = site.sftp()
    for name in ("/one", "/two"):
        with sftp.open(name, "w") as file:
            file.write(name)
    with pytest.raises(OSError, match=REFUSED):
        sftp.rename("/one", "/two")
    sftp.posix_rename("/one", "/two")
    with sftp.open("/two") as file:
        assert file.read() == b"/one"


def test_no_path_leads_out(site: StorageSite, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    site.sftp("bob").mkdir("/his")
    sftp = site.sftp()
    mine = site.directory()
    (mine / "absolute").symlink_to(outside)
    (mine / "climbing").symlink_to("../../../outside")
    (mine / "round").symlink_to("round")
    (mine / "file").symlink_to(outside / "secret")
    for path in ("/absolute/secret", "/climbing/secret", "/file", "/round", "/../../../outside/secret", "../bob/his"):
        with pytest.raises(OSError, match=REFUSED):
            sftp.stat(path)
        with pytest.raises(OSError, match=REFUSED):
            sftp.open(path, "r")
        with pytest.raises(OSError, match=REFUSED):
            sftp.listdir(path)
    for path in ("/absolute/new", "/climbing/new", "/file"):
        with pytest.raises(OSError, match=REFUSED):
            sftp.open(path, "w")
        with pytest.raises(OSError, match=REFUSED):
            sftp.mkdir(path)
    with pytest.raises(OSError, match=REFUSED):
        sftp.chmod("/file", 0o777)
    with pytest.raises(OSError, match=REFUSED):
        sftp.rename("/file", "/climbing/moved")
    with pytest.raises(OSError, match=REFUSED):
        sftp.symlink("/etc/passwd", "/mine")
    assert sorted(os.listdir(outside)) == ["secret"]
    assert sftp.normalize("../../etc/passwd") == "/etc/passwd"
    assert stat.S_ISLNK(sftp.lstat("/file").st_mode or 0), "what a link is may be seen"
    sftp.remove("/file")
    assert (outside / "secret").read_text() == "secret"


def test_links_inside_are_followed(site: StorageSite) -> None:
    sftp = site.sftp()
    sftp.mkdir("/runs")
    sftp.mkdir("/runs/first")
    mine = site.directory()
    (mine / "runs" / "latest").symlink_to("./first/../first/")
    with sftp.open("/runs/latest/result", "w") as file:
        file.write("42")
    assert (mine / "runs" / "first" / "result").read_text() == "42"
    assert sftp.listdir("/runs/latest") == ["result"]


def test_a_named_pipe_makes_nobody_wait(site: StorageSite) -> None:
    sftp = site.sftp()
    os.mkfifo(site.directory() / "pipe")
    with pytest.raises(OSError, match=REFUSED):
        sftp.open("/pipe", "r")


def test_only_an_access_token_of_that_user_opens(site: StorageSite) -> None:
    with pytest.raises(paramiko.AuthenticationException):
        site.transport("ada", "guessed")
    with pytest.raises(paramiko.AuthenticationException):
        site.transport("ada", "token of bob")
    for name in ("..", "a/b"):
        with pytest.raises(paramiko.AuthenticationException):
            site.transport(name)
    assert not (site.root / "portal").exists()


def test_a_token_that_is_revoked_begins_nothing_more(site: StorageSite, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = site.transport()
    transport.open_session().close()
    monkeypatch.setattr(storage_site, "REVOKED", {"token of ada"})
    with pytest.raises(paramiko.ChannelException):
        transport.open_session()


def test_nothing_but_files_is_offered(site: StorageSite) -> None:
    transport = site.transport()
    with pytest.raises(paramiko.ChannelException):
        transport.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 22))
    with pytest.raises(paramiko.SSHException):
        transport.request_port_forward("127.0.0.1", 0)
    with pytest.raises(paramiko.SSHException):
        transport.open_session().invoke_shell()
    with pytest.raises(paramiko.SSHException):
        transport.open_session().exec_command("touch here")
    assert list(site.directory().iterdir()) == []


def test_a_client_that_is_silent_is_cut_off(tmp_path: Path) -> None:
    with StorageSite(tmp_path, login_time_s=0.2, idle_time_s=0.4) as site:
        with socket.create_connection(site.address, timeout=PATIENCE_S) as silent:
            while silent.recv(1000):
                pass
        quiet, busy = site.transport(), site.transport("bob")
        client = paramiko.SFTPClient.from_transport(busy)
        assert client is not None
        for each in (quiet, busy):
            each.join(PATIENCE_S)
            assert not each.is_active()


def test_clients_beyond_the_limit_are_closed_and_the_others_served(tmp_path: Path) -> None:
    with StorageSite(tmp_path, sessions=1) as site:
        sftp = site.sftp()
        with pytest.raises((paramiko.SSHException, EOFError, OSError)):
            site.transport("bob")
        assert sftp.listdir("/") == []


def test_one_connection_has_so_many_transfers_and_closed_ones_do_not_count(tmp_path: Path) -> None:
    with StorageSite(tmp_path, channels=2) as site:
        transport = site.transport()
        for _ in range(5):
            client = paramiko.SFTPClient.from_transport(transport)
            assert client is not None
            client.close()
        kept = [transport.open_session(timeout=PATIENCE_S) for _ in range(2)]
        with pytest.raises(paramiko.ChannelException):
            transport.open_session(timeout=PATIENCE_S)
        for each in kept:
            each.close()


def test_so_many_files_are_open_and_no_request_is_endless(tmp_path: Path) -> None:
    with StorageSite(tmp_path, open_files=3) as site:
        sftp = site.sftp()
        opened = [sftp.open(f"/{number}", "w") for number in range(3)]
        with pytest.raises(OSError, match=REFUSED):
            sftp.open("/one-more", "w")
        opened.pop().close()
        sftp.open("/one-more", "w").close()
        channel = sftp.get_channel()
        assert channel is not None
        channel.sendall((20_000_000).to_bytes(4, "big") + b"\x06")
        with pytest.raises((paramiko.SSHException, EOFError, OSError)):
            sftp.listdir("/")


OF_A_LISTING = 2


def open_descriptors(directory: Path) -> int:
    """How often this process has the directory open."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # closed since
            found += os.readlink(each) == str(directory)
    return found


def handle_of(sftp: paramiko.SFTPClient, path: str) -> bytes:
    """An open directory, by the protocol alone: a client of paramiko asks for many pages in advance."""
    request: Any = sftp
    kind, message = request._request(CMD_OPENDIR, path.encode())
    assert kind == CMD_HANDLE
    handle: bytes = message.get_binary()
    return handle


def names_of_page(sftp: paramiko.SFTPClient, handle: bytes) -> int:
    request: Any = sftp
    kind, message = request._request(CMD_READDIR, handle)
    assert kind == CMD_NAME
    count: int = message.get_int()
    return count


def test_a_listing_is_read_page_by_page(site: StorageSite, monkeypatch: pytest.MonkeyPatch) -> None:
    sftp = site.sftp()
    names = {f"file-{number}" for number in range(1_000)}
    for name in names:
        (site.directory() / name).touch()
    read = 0
    following = DirectoryListing.__next__

    def counted(listing: DirectoryListing) -> tuple[str, os.stat_result]:
        nonlocal read
        read += 1
        return following(listing)

    monkeypatch.setattr(DirectoryListing, "__next__", counted)
    handle = handle_of(sftp, "/")
    assert read == 0
    assert names_of_page(sftp, handle) == read == 100
    monkeypatch.undo()
    assert set(sftp.listdir("/")) == names


def test_a_directory_is_let_go_of_when_its_listing_is_closed_or_its_client_leaves(site: StorageSite) -> None:
    sftp, left = site.sftp(), site.sftp()
    mine = site.directory()
    (mine / "runs").mkdir()
    handle = handle_of(sftp, "/runs")
    assert open_descriptors(mine / "runs") == OF_A_LISTING
    request: Any = sftp
    request._request(CMD_CLOSE, handle)
    assert open_descriptors(mine / "runs") == 0
    with pytest.raises(OSError, match="Invalid handle"):
        names_of_page(sftp, handle)
    handle_of(left, "/runs")
    for client in (sftp, left):
        client.close()
    assert site.server.stop(PATIENCE_S)
    assert open_descriptors(mine / "runs") == 0


def test_open_directories_count_as_files_and_none_is_lost(tmp_path: Path) -> None:
    with StorageSite(tmp_path, open_files=2) as site:
        sftp = site.sftp()
        for _ in range(2):
            handle_of(sftp, "/")
        with pytest.raises(OSError, match=REFUSED):
            handle_of(sftp, "/")
        assert open_descriptors(site.directory()) == 2 * OF_A_LISTING + 1, "and the root of the user's files"


def test_what_is_overridden_of_paramiko_is_there() -> None:
    own = {BoundedSftp: {"_exactly", "_close_folder"}, SftpFolder: set()}
    for ours, its_own in own.items():
        (theirs,) = ours.__bases__
        for name in {name for name, value in vars(ours).items() if inspect.isfunction(value)} - {"__init__", *its_own}:
            wanted = inspect.signature(getattr(theirs, name)).parameters
            assert len(inspect.signature(getattr(ours, name)).parameters) == len(wanted)


def test_a_long_read_is_answered_with_less(tmp_path: Path) -> None:
    with StorageSite(tmp_path, packet_bytes=65_536) as site:
        sftp = site.sftp()
        with sftp.open("/large", "w") as file:
            file.write(b"x" * 200_000)
        with sftp.open("/large") as file:
            assert file.read() == b"x" * 200_000


def test_the_host_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    with StorageSite(tmp_path) as site:
        first = site.transport().get_remote_server_key()
    with StorageSite(tmp_path) as site:
        assert site.transport().get_remote_server_key() == first
    key = tmp_path / "home" / "storage-host.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o644)
    with pytest.raises(DeniedError, match="chmod 600"):
        StorageSite(tmp_path)
    key.chmod(0o600)
    key.write_text("no key")
    with pytest.raises(SettingsError, match="Ed25519"):
        StorageSite(tmp_path)


def test_a_port_that_is_taken_is_said(site: StorageSite, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be opened"):
        StorageSite(tmp_path, port=site.address[1])


def test_everybody_is_believed_on_loopback_only_and_is_in_the_default_gateway(tmp_path: Path) -> None:
    with pytest.raises(DeniedError):
        StorageSite(tmp_path, insecure=True, host="0.0.0.0")  # noqa: S104 - refused
    with StorageSite(tmp_path, insecure=True) as site:
        site.sftp().mkdir("/here")
        assert (site.root / "default" / "ada" / "here").is_dir()


def test_a_stop_waits_for_transfers_and_no_longer_than_told(site: StorageSite) -> None:
    sftp = site.sftp()
    ended: list[bool] = []
    stopping = threading.Thread(target=lambda: ended.append(site.server.stop(PATIENCE_S)))
    stopping.start()
    sftp.mkdir("/last")
    sftp.close()
    stopping.join(PATIENCE_S)
    assert ended == [True]


def test_names_that_no_directory_can_have_are_refused(tmp_path: Path) -> None:
    storage = GatewayStorage(host_name="portal.example.org", root=tmp_path)
    assert storage.resource_id.startswith("portal.example.org_")
    assert storage.user_directory("default", "ada@example.org") == tmp_path / "default" / "ada@example.org"
    for name in ("", ".", "..", "a/b", "a\nb", "x" * 300):
        with pytest.raises(InputError):
            storage.user_directory("default", name)
