"""Clusters that cannot be entered: wrong keys, refused logins, strange host keys, hosts that are down, loud shells."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.site import Ran, Site, until, waits_for

from airavata_workload.documents.experiment_file import load_experiment
from airavata_workload.domain.states import ExperimentState, TaskState
from airavata_workload.testing.ssh_server import SshServer, make_key

pytestmark = pytest.mark.server


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    with SshServer(tmp_path / "sshd") as running:
        yield running


def far(site: Site, server: SshServer, **keys: object) -> None:
    """A cluster behind the server, of which only what the test is about is wrong."""
    reached = server.cluster(scratch_directory=str(site.directory / "scratch"))
    names = ("host", "port", "user", "identity_file", "known_hosts_file", "use_agent", "scratch_directory")
    given = {name: getattr(reached, name) for name in names}
    wanted = {**given, "remote_shell": "ssh", "file_transfer": "scp", "connect_timeout_s": 5.0, **keys}
    site.cluster("far", **{name: value for name, value in wanted.items() if value is not None})


def computing(site: Site, program: str = "cat data.txt; echo done >result.txt") -> Path:
    site.file("data.txt", "some data\n")
    return site.experiment(
        [["sh", "-c", program]],
        compute_resource="far",
        inputs={"data": {"file": "data.txt"}},
        outputs={"result": "result.txt"},
    )


def refused(site: Site, ran: Ran) -> str:
    """The experiment failed at its first task; what the operator is told."""
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert ran.states() == {
        "set-up": "FAILED",
        "stage-in": "CANCELED",
        "submit": "CANCELED",
        "monitor": "CANCELED",
        "stage-out": "FAILED",
    }
    assert ran.task("set-up")["failures"] == 0
    assert ran.shown["user_message"] == ran.task("set-up")["user_message"] != ""
    assert ran.task("set-up")["reason"] in ran.shown["reason"]
    site.assert_nothing_left(ran)
    return str(ran.shown["reason"])


def completed(site: Site, ran: Ran) -> None:
    assert (ran.exit_code, ran.state) == (0, "COMPLETED"), ran.shown["reason"]
    assert (site.directory / "outputs" / "result.txt").read_text() == "done\n"
    assert (site.directory / "outputs" / "app.stdout").read_text() == "some data\n"
    assert len({job["job_id"] for job in ran.shown["jobs"]}) == 1
    site.assert_nothing_left(ran)


# -- keys and logins -----------------------------------------------------------------------


def _missing(key: Path) -> None:
    key.unlink()


def _no_key(key: Path) -> None:
    key.write_text("this is not a key\n")


def _directory(key: Path) -> None:
    key.unlink()
    key.mkdir()


def _encrypted(key: Path) -> None:
    make_key(key, passphrase="open sesame")


def _forbidden(key: Path) -> None:
    key.chmod(0)


@pytest.mark.parametrize(
    ("spoil", "said", "remedy"),
    [
        (_missing, "No such file or directory", "Name a readable private key as identity_file"),
        (_directory, "Is a directory", "Name a readable private key as identity_file"),
        (_forbidden, "Permission denied", "Name a readable private key as identity_file"),
        (_no_key, "is not a private key (Ed25519, ECDSA or RSA) in OpenSSH or PEM form", ""),
        (_encrypted, "is encrypted and no passphrase is given", "Keep the passphrase in the credential store"),
    ],
)
def test_a_key_that_cannot_be_used_fails_the_experiment_and_a_retry_with_a_good_one_runs_it(
    site: Site, server: SshServer, spoil: Callable[[Path], None], said: str, remedy: str
) -> None:
    key = site.directory / "key of the portal"
    shutil.copy(server.key, key)
    spoil(key)
    if spoil is _forbidden:
        site.without_root_rights()
    far(site, server, identity_file=str(key))
    ran = site.run(computing(site))
    reason = refused(site, ran)
    assert f"{key}" in reason
    assert f"{key}" in ran.shown["user_message"]
    assert said in reason
    assert remedy in reason
    far(site, server)
    completed(site, site.retry(ran))


def test_a_login_that_is_refused_fails_the_experiment_and_a_retry_after_it_is_allowed_runs_it(
    site: Site, server: SshServer
) -> None:
    key = make_key(site.directory / "stranger")
    far(site, server, identity_file=str(key))
    ran = site.run(computing(site))
    reason = refused(site, ran)
    assert f"{server.user}@127.0.0.1:{server.port} refused the login. Tried: {key} (" in reason
    assert "Name a key that the account accepts" in reason
    assert ran.shown["user_message"] == "The login to far was refused."
    server.authorize(key)
    completed(site, site.retry(ran))


def test_a_credential_that_is_not_stored_fails_the_experiment_and_a_retry_after_it_is_runs_it(
    site: Site, server: SshServer
) -> None:
    far(site, server, identity_file=None, credential="portal-key")
    ran = site.run(computing(site))
    assert "portal-key" in refused(site, ran)
    added = site.cli("credentials", "add", "portal-key", "--key", server.key)
    assert added.returncode == 0, added.stderr
    completed(site, site.retry(ran))


# -- host keys ---------------------------------------------------------------------------------


def accept(reason: str) -> None:
    """Run the command that the message offers, as an administrator does who has compared the fingerprints."""
    command = reason.partition("accept it with: ")[2].strip()
    assert "ssh-keyscan" in command, reason
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


def test_an_unknown_host_key_is_refused_and_the_command_in_the_message_accepts_it(
    site: Site, server: SshServer
) -> None:
    known = site.directory / "known hosts"
    far(site, server, known_hosts_file=str(known))
    ran = site.run(computing(site))
    reason = refused(site, ran)
    assert f"The host key of [127.0.0.1]:{server.port} is not known; it shows ssh-ed25519 SHA256:" in reason
    assert server.logins() == 0, "nothing was told to the stranger"
    accept(ran.task("set-up")["reason"])
    completed(site, site.retry(ran))


def test_a_changed_host_key_is_refused_and_the_command_in_the_message_accepts_it(site: Site, server: SshServer) -> None:
    server.stop()
    make_key(server.host_key)  # a new one in place of the known one
    server.start()
    far(site, server)
    ran = site.run(computing(site))
    reason = refused(site, ran)
    assert f"The host key of [127.0.0.1]:{server.port} has changed: {server.known_hosts} knows ssh-ed25519" in reason
    assert "Somebody may be listening in" in ran.shown["user_message"]
    assert server.logins() == 0
    accept(ran.task("set-up")["reason"])
    completed(site, site.retry(ran))


# -- hosts that are down ----------------------------------------------------------------------------


def test_while_a_host_is_down_its_tasks_wait_and_say_so_and_go_on_by_themselves(site: Site, server: SshServer) -> None:
    far(site, server)
    server.stop()
    with site.serving() as workload:
        (submitted,) = workload.submit([load_experiment(computing(site))])
        until(workload, submitted, waits_for(f"127.0.0.1:{server.port} cannot be reached: Connection refused"))
        shown = site.show(submitted.experiment_id)
        assert (shown["state"], shown["tasks"][0]["state"]) == ("EXECUTING", "CREATED")
        assert f"127.0.0.1:{server.port} cannot be reached" in shown["tasks"][0]["waiting_for"]
        server.start()
        assert workload.wait(submitted.experiment_id, 60).state is ExperimentState.COMPLETED
        ran = Ran(0, "", "", site.show(submitted.experiment_id))
    assert ran.task("set-up")["failures"] == 0, "an unreachable host is nobody's failure"
    assert ran.task("set-up")["waiting_for"] == ""
    completed(site, ran)


def test_a_host_that_goes_down_under_a_running_job_loses_nothing(site: Site, server: SshServer) -> None:
    far(site, server)
    go_on = site.directory / "go on"
    os.mkfifo(go_on)
    program = f"cat data.txt; cat {shlex.quote(str(go_on))} >/dev/null; echo done >result.txt"
    with site.serving() as workload:
        (submitted,) = workload.submit([load_experiment(computing(site, program))])
        until(workload, submitted, lambda tasks: any(task.parked for task in tasks))
        server.stop()
        waiting = until(workload, submitted, waits_for(f"127.0.0.1:{server.port} cannot be reached"))
        (monitor,) = [task for task in waiting if task.name == "monitor"]
        assert (monitor.state, monitor.parked) == (TaskState.EXECUTING, True)
        shown = site.show(submitted.experiment_id)
        assert shown["tasks"][3]["waiting_for"].startswith("far to answer again: 127.0.0.1:")
        go_on.write_text("")  # the job ends while nobody can see it
        server.start()
        assert workload.wait(submitted.experiment_id, 60).state is ExperimentState.COMPLETED
        ran = Ran(0, "", "", site.show(submitted.experiment_id))
    completed(site, ran)


# -- loud login scripts ----------------------------------------------------------------------------------

LOUD = r"""
echo "*** Welcome to the cluster! *** quota: 99 %"
printf 'no newline at the end, \033[31mcolours\033[0m, \001\002\377 and a NUL \000'
echo "module: command not found" >&2
echo '@@jobs 0'; echo '12345'; echo 'Submitted batch job 4711'
cd / ; umask 0
true && false
"""


@pytest.fixture
def loud_server(site: Site, tmp_path: Path) -> Iterator[SshServer]:
    """bash reads ~/.bashrc for every command that sshd gives it; the server sets another home for the account."""
    for name in (".bashrc", ".profile", ".bash_profile"):
        site.file(f"account/{name}", LOUD)
    # A server may also run its SFTP program by the login shell, which reads that file again.
    options = [f"SetEnv HOME={site.directory / 'account'}", "Subsystem sftp /usr/lib/openssh/sftp-server"]
    with SshServer(tmp_path / "loud", options) as running:
        yield running


def by_openssh(server: SshServer, command: str) -> bytes:
    """What OpenSSH's own client gets from a command."""
    options = ["-o", "IdentitiesOnly=yes", "-o", f"UserKnownHostsFile={server.known_hosts}", "-p", str(server.port)]
    words = ["ssh", "-i", str(server.key), *options, f"{server.user}@127.0.0.1", command]
    return subprocess.run(words, capture_output=True, timeout=30, check=True).stdout


def test_what_login_scripts_print_is_taken_for_nothing(site: Site, loud_server: SshServer) -> None:
    assert b"Welcome to the cluster" in by_openssh(loud_server, "true"), "it is really loud"
    far(site, loud_server)
    ran = site.run(computing(site))
    completed(site, ran)
    assert [job["state"] for job in ran.shown["jobs"]] == ["COMPLETE"]
    assert "Welcome" not in json.dumps(ran.shown)


def test_a_login_script_that_spoils_sftp_is_named_and_a_retry_without_sftp_completes(
    site: Site, loud_server: SshServer
) -> None:
    far(site, loud_server, file_transfer="sftp")
    ran = site.run(computing(site))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert ran.task("set-up")["state"] == "COMPLETED", "commands are not spoilt"
    assert "most likely a login script of the account prints something" in ran.shown["user_message"]
    assert 'set file_transfer = "scp"' in ran.shown["reason"]
    site.assert_nothing_left(ran)
    far(site, loud_server, file_transfer="scp")
    completed(site, site.retry(ran))
