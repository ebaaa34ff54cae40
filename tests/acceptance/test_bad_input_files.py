"""Files that are missing, empty, unreadable or gone: before, during and after an experiment."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults.site import Ran, Site

VANISHING = """
application_type: vanishing
description: A first task takes the input away before it is staged
tasks:
  take-away:
    kind: command
    parameters: {command: "${parameters.first}"}
  set-up:
    kind: env-setup
    after: take-away
    parameters: {directory: "${process.working_directory}"}
  stage-in:
    kind: input-staging
    after: set-up
    parameters: {files: "${input_files}", directory: "${process.working_directory}"}
  copy:
    kind: command
    after: stage-in
    parameters: {command: "${application.commands.0}", directory: "${process.working_directory}"}
  stage-out:
    kind: output-staging
    after: copy
    parameters:
      outputs: "${outputs}"
      directory: "${process.working_directory}"
      destination: "${experiment.output_directory}"
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def copying(site: Site, **more: object) -> Path:
    """An experiment that copies its input."""
    inputs = {"data": {"file": "data.txt"}}
    return site.experiment([["cp", "${inputs.data}", "out.txt"]], inputs=inputs, outputs={"copy": "out.txt"}, **more)


def vanishing(site: Site, *first: str) -> Path:
    assert site.cli("dags", "load", site.file("vanishing.yaml", VANISHING)).returncode == 0
    path = copying(site, application_type="vanishing")
    path.write_text(f"{path.read_text()}[parameters]\nfirst = {list(first)!r}\n")
    return path


def check_copy(site: Site, ran: Ran) -> None:
    assert (ran.exit_code, ran.state) == (0, "COMPLETED"), ran.shown["reason"]
    assert (site.directory / "outputs" / "out.txt").read_text() == "some data\n"
    site.assert_nothing_left(ran)


def ran_once(first: Ran, second: Ran, *names: str) -> None:
    """The tasks that had completed are taken over by a retry, not run again."""
    for name in names:
        assert first.task(name)["state"] == "COMPLETED"
        assert second.task(name)["task_id"] == first.task(name)["task_id"]
        assert second.task(name)["history"] == first.task(name)["history"]


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "does not exist"), (b"", "is empty"), ("directory", "is a directory")]
)
def test_an_input_that_cannot_be_used_is_refused_before_anything_is_made(
    site: Site, content: bytes | str | None, complaint: str
) -> None:
    if content == "directory":
        (site.directory / "data.txt").mkdir()
    elif content is not None:
        site.file("data.txt", content)
    path = copying(site)
    for command in ("run", "submit"):
        done = site.cli(command, path)
        assert done.returncode == 2
        assert f"input 'data': {site.directory / 'data.txt'} {complaint}" in " ".join(done.stderr.split())
        assert "experiment.toml:" in done.stderr, "the line of the file"
    assert site.listed() == []
    site.assert_nothing_left()


def test_an_input_that_nobody_may_read_is_refused(site: Site) -> None:
    site.file("data.txt", "some data\n").chmod(0)
    site.without_root_rights()
    done = site.cli("run", copying(site))
    assert done.returncode == 2
    assert "data.txt cannot be read: Permission denied" in " ".join(done.stderr.split())
    assert site.listed() == []
    (site.directory / "data.txt").chmod(0o600)
    check_copy(site, site.run(copying(site)))


def test_an_input_that_is_optional_may_be_missing_or_empty(site: Site) -> None:
    site.file("empty.txt")
    inputs = {name: {"file": f"{name}.txt", "required": False} for name in ("empty", "missing")}
    ran = site.run(site.experiment([["sh", "-c", "ls >list.txt"]], inputs=inputs, outputs={"list": "list.txt"}))
    assert (ran.exit_code, ran.state) == (0, "COMPLETED"), ran.shown["reason"]
    listed = (site.directory / "outputs" / "list.txt").read_text().split()
    assert "empty.txt" in listed
    assert "missing.txt" not in listed
    site.assert_nothing_left(ran)


@pytest.mark.parametrize(
    ("first", "complaint"),
    [(("rm", "--"), "does not exist"), (("truncate", "-s", "0", "--"), "is empty, and this input is required")],
)
def test_an_input_that_vanishes_after_the_submission_fails_the_staging_and_a_retry_goes_on(
    site: Site, first: tuple[str, ...], complaint: str
) -> None:
    data = site.file("data.txt", "some data\n")
    ran = site.run(vanishing(site, *first, str(data)))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert ran.shown["user_message"] == f"Input 'data': the file {data} {complaint}" + "." * (complaint[-1] != ".")
    assert "task stage-in failed" in ran.shown["reason"]
    assert str(data) in ran.task("stage-in")["reason"]
    assert ran.states() == {
        "take-away": "COMPLETED",
        "set-up": "COMPLETED",
        "stage-in": "FAILED",
        "copy": "CANCELED",
        "stage-out": "CANCELED",
    }
    assert site.show(ran.shown["experiment_id"]) == ran.shown, "show says what run has said"
    site.assert_nothing_left(ran)
    data.write_text("some data\n")
    again = site.retry(ran)
    ran_once(ran, again, "take-away", "set-up")
    assert data.exists()
    check_copy(site, again)


def test_an_input_that_vanishes_before_the_launch_fails_the_experiment_and_a_retry_runs_it(site: Site) -> None:
    data = site.file("data.txt", "some data\n")
    path = copying(site)
    submitted = site.cli("submit", path, "--output", "json")
    assert submitted.returncode == 0, submitted.stderr
    data.unlink()
    (listed,) = site.listed()
    with site.serving() as workload:
        ended = workload.wait(listed["experiment_id"], 30)
    assert ended.state == "FAILED"
    assert ended.reason == f"Validation failed: Input 'data': {data} does not exist."
    assert ended.user_message == f"Input 'data': {data} does not exist."
    site.assert_nothing_left()
    data.write_text("some data\n")
    check_copy(site, site.retry(Ran(1, "", "", listed)))


def test_an_output_that_the_program_did_not_leave_is_named_and_the_others_come_home(site: Site) -> None:
    commands = [["sh", "-c", "echo one >one.txt; echo log; pwd >&2"]]
    outputs = {"first": "one.txt", "second": "two.txt", "tables": "*.csv", "extra": {"file": "x", "required": False}}
    ran = site.run(site.experiment(commands, outputs=outputs))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    for words in ("Output 'second' is missing", "'two.txt'", "Output 'tables' is missing", "'*.csv'"):
        assert words in ran.shown["user_message"]
        assert words in ran.shown["reason"]
    assert "extra" not in ran.shown["user_message"]
    assert ran.task("monitor")["state"] == "COMPLETED"
    outputs_directory = site.directory / "outputs"
    assert (outputs_directory / "one.txt").read_text() == "one\n"
    assert (outputs_directory / "app.stdout").read_text() == "log\n"
    there = Path((outputs_directory / "app.stderr").read_text().strip())
    assert str(there) in ran.shown["user_message"], "where a person may look for it"
    site.assert_nothing_left(ran)
    # A person mends it by hand; the job, which may have run for days, is not run again.
    (there / "two.txt").write_text("two\n")
    (there / "table.csv").write_text("1,2\n")
    again = site.retry(ran)
    assert (again.exit_code, again.state) == (0, "COMPLETED"), again.shown["reason"]
    ran_once(ran, again, "set-up", "stage-in", "submit", "monitor")
    assert [job["job_id"] for job in again.shown["jobs"]] == [job["job_id"] for job in ran.shown["jobs"]]
    assert (outputs_directory / "two.txt").read_text() == "two\n"
    assert (outputs_directory / "table.csv").read_text() == "1,2\n"


def test_an_output_directory_that_cannot_be_written_fails_the_staging_and_loses_no_result(site: Site) -> None:
    site.file("data.txt", "some data\n")
    closed = site.directory / "closed"
    closed.mkdir(mode=0o500)
    site.without_root_rights()
    ran = site.run(copying(site, output_directory=str(closed / "outputs")))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert str(closed) in ran.shown["user_message"]
    assert "Permission denied" in ran.shown["reason"]
    assert "Choose another output directory, or make it writable." in ran.shown["reason"]
    closed.chmod(0o700)
    again = site.retry(ran)
    assert (again.exit_code, again.state) == (0, "COMPLETED"), again.shown["reason"]
    ran_once(ran, again, "set-up", "stage-in", "submit", "monitor")
    assert (closed / "outputs" / "out.txt").read_text() == "some data\n"
    site.assert_nothing_left(ran, again)


def test_a_file_where_the_scratch_directory_should_be_fails_the_set_up(site: Site) -> None:
    site.file("data.txt", "some data\n")
    in_the_way = site.file("scratch", "not a directory")
    site.cluster("odd", scratch_directory=str(in_the_way))
    ran = site.run(copying(site, compute_resource="odd"))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert str(in_the_way) in ran.shown["user_message"]
    assert "a file stands on odd where a directory should be" in ran.shown["user_message"]
    assert ran.states()["set-up"] == "FAILED"
    assert in_the_way.read_text() == "not a directory", "what was there is still there"
    in_the_way.unlink()
    check_copy(site, site.retry(ran))
