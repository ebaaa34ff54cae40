"""What ``doctor`` and ``clusters check`` look at: each check says ok, warn or fail, and what to do."""

from __future__ import annotations

import fcntl
import os
import platform
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from airavata_workload.bootstrap import Installation
from airavata_workload.cli.finding import Check, Verdict
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.views.plain_text import plural, size
from airavata_workload.documents.dag_directory import parameter_models
from airavata_workload.documents.dag_file import check as check_dag
from airavata_workload.domain.errors import WorkloadError
from airavata_workload.plugins import NAMESPACES, catalogue
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.gateways import Gateway

LEAST_PYTHON = (3, 11)
LITTLE_SPACE_BYTES = 1024**3


def looked_at(subject: str, look: Callable[[], Check]) -> Check:
    """The check, or its failure as a check."""
    try:
        return look()
    except WorkloadError as error:
        return Check(subject, Verdict.FAIL, error.message, error.remedy or "")
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return Check(subject, Verdict.FAIL, f"{place}{error.strerror or error}", "Check permissions and free space.")


# -- this machine -------------------------------------------------------------------
def python_version() -> Check:
    """Whether Python is new enough."""
    said = f"Python {platform.python_version()}, {sys.executable}"
    if sys.version_info[:2] >= LEAST_PYTHON:
        return Check("python", Verdict.OK, said)
    return Check("python", Verdict.FAIL, said, f"Install Python {LEAST_PYTHON[0]}.{LEAST_PYTHON[1]} or later.")


def settings(invocation: Invocation) -> Check:
    """Whether the settings can be read."""
    path = invocation.settings_path
    return Check("settings", Verdict.OK, f"{path}" if path.exists() else f"defaults; there is no {path}")


def home(invocation: Invocation) -> Check:
    """Whether the home can be written to, honours locks and has space."""
    directory = invocation.settings.home
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=directory, prefix=".doctor.") as file:
        file.write(b"x")
        file.flush()
        os.fsync(file.fileno())
        if not _honours_locks(Path(file.name)):
            return Check(
                "home",
                Verdict.FAIL,
                f"{directory} is on a file system that does not keep locks",
                "Put the home on a local disk, with --home or $AIRAVATA_WORKLOAD_HOME.",
            )
    free_bytes = shutil.disk_usage(directory).free
    said = f"{directory}, writable, locks work, {size(free_bytes)} free"
    if free_bytes < LITTLE_SPACE_BYTES:
        return Check("home", Verdict.WARN, said, "Make room: outputs and the database are kept there.")
    return Check("home", Verdict.OK, said)


def _honours_locks(path: Path) -> bool:
    """Whether both kinds of locks that the embedded stores use work: those of SQLite, and those of sessions."""
    with path.open("rb+") as first, path.open("rb+") as second:
        fcntl.lockf(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


# -- this installation ----------------------------------------------------------------
def stores(installation: Installation) -> Check:
    """Whether the stores open, which brings them up to date."""
    counts = installation.registry.statistics()
    total = sum(int(count) for count in counts.values())
    installation.credentials.summaries()
    _ = installation.queue.depths(), installation.bus.latest(), installation.nodes.nodes()
    return Check("stores", Verdict.OK, f"up to date; {plural(total, 'experiment')}")


def records(installation: Installation) -> Check:
    """Whether the record store opens, which brings it up to date if it may, and what portals keep can be read."""
    with installation.records.reading() as stored:
        gateways, experiments = len(stored.find(Gateway)), stored.count(GatewayExperiment)
    said = f"up to date; {plural(gateways, 'gateway')}, {plural(experiments, 'experiment')} of portals"
    return Check("records", Verdict.OK, said)


def plugins() -> Check:
    """Whether every registered plugin loads."""
    found = [each for namespace in NAMESPACES for each in catalogue(namespace).registrations()]
    broken = [each for each in found if each.error]
    if not broken:
        return Check("plugins", Verdict.OK, f"{len(found)} load")
    named = "; ".join(f"{each.namespace} '{each.name}' of {each.distribution}: {each.error}" for each in broken)
    remedy = "Mend or uninstall that distribution; 'airavata-workload plugins list' shows all."
    return Check("plugins", Verdict.FAIL, named, remedy)


def dags(installation: Installation) -> Check:
    """Whether the DAGs that are shipped, or in the home, load, and whether those in the store can work."""
    installation.load_missing_dags()
    models = parameter_models()
    found = installation.graph.abstracts()
    for dag in found:
        check_dag(dag, models)
    return Check(
        "dags", Verdict.OK, f"{len(found)} application types: {', '.join(each.application_type for each in found)}"
    )


def engine(installation: Installation) -> Check:
    """Whether an engine runs that takes what is submitted."""
    common = installation.settings.partition
    serving = [
        member
        for member in installation.nodes.members()
        if member.service == "engine" and member.capabilities.get("partition") == common
    ]
    if serving:
        said = ", ".join(f"process {each.pid} on {each.host}" for each in serving)
        return Check("engine", Verdict.OK, f"runs: {said}")
    return Check("engine", Verdict.OK, "none runs; 'run' needs none, 'submit' waits for 'serve'")


# -- clusters -----------------------------------------------------------------------------
def cluster(installation: Installation, name: str) -> Iterator[Check]:
    """Login, scratch directory and batch system of a cluster; what cannot be looked at any more is left out."""
    login = looked_at(f"{name}: login", lambda: _login(installation, name))
    if login.verdict is Verdict.FAIL:
        yield replace(login, remedy=login.remedy or "See that the machine is up, and host, port and user in its file.")
        return
    yield login
    yield looked_at(f"{name}: scratch", lambda: _scratch(installation, name))
    yield looked_at(f"{name}: jobs", lambda: _batch_system(installation, name))


def _login(installation: Installation, name: str) -> Check:
    return Check(f"{name}: login", Verdict.OK, installation.resources.shell(name).check())


def _scratch(installation: Installation, name: str) -> Check:
    directory = installation.resources.cluster(name).scratch_directory
    script = (
        f"d={shlex.quote(directory)}; "
        'while [ ! -e "$d" ]; do d=$(dirname -- "$d"); done; '
        't=$(mktemp "$d/.doctor.XXXXXX") && rm -f -- "$t" && df -Pk -- "$d"'
    )
    result = installation.resources.shell(name).run(script)
    if result.exit_code != 0:
        said = result.error_text.splitlines()[-1:] or ["it cannot be written to"]
        remedy = "Set scratch_directory in the cluster's file to a directory that you may write to."
        return Check(f"{name}: scratch", Verdict.FAIL, f"{directory}: {said[0]}", remedy)
    free_bytes = _free_bytes(result.text)
    free = f", {size(free_bytes)} free" if free_bytes is not None else ""
    if free_bytes is not None and free_bytes < LITTLE_SPACE_BYTES:
        return Check(f"{name}: scratch", Verdict.WARN, f"{directory}{free}", "Make room there.")
    return Check(f"{name}: scratch", Verdict.OK, f"{directory}{free}")


def _free_bytes(df_output: str) -> int | None:
    """Free bytes in what ``df -Pk`` printed. Source: POSIX.1-2017, df: the fourth column, in units of 1024 bytes."""
    words = df_output.splitlines()[-1].split() if df_output.strip() else []
    return int(words[3]) * 1024 if len(words) >= 6 and words[3].isdigit() else None


def _batch_system(installation: Installation, name: str) -> Check:
    batch_system = installation.resources.batch_system(name)
    result = installation.resources.shell(name).run(batch_system.check_script())
    if result.exit_code == 0:
        first = result.text.strip().splitlines()[:1]
        return Check(f"{name}: jobs", Verdict.OK, f"{batch_system.name} answers" + (f": {first[0]}" if first else ""))
    said = result.error_text or result.text.strip() or f"its check ended with exit code {result.exit_code}"
    remedy = f"Ask the administrators of {name}, or set command_directory in its file."
    return Check(f"{name}: jobs", Verdict.FAIL, f"{batch_system.name} does not answer: {said}", remedy)
