"""Reads cluster files (TOML): one compute or storage resource a file, called as the file is.

Example, ``alpha.toml``::

    description = "Slurm cluster of the chemistry department"
    host = "alpha.example.org"
    user = "svcportal"
    scratch_directory = "/scratch/{user}/airavata"
    batch_system = "slurm"
    default_queue = "normal"

    [queues.debug]
    max_wall_time = "00:30:00"

``ClusterModel`` describes every key. ``${home}`` in a path stands for the
engine's home directory, ``{user}`` for the login name on the cluster.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field

from airavata_workload.documents.binding import Table, bind
from airavata_workload.documents.document import Document
from airavata_workload.documents.duration import Duration
from airavata_workload.documents.experiment_model import Variables
from airavata_workload.documents.login import login_name
from airavata_workload.documents.toml_document import read_toml
from airavata_workload.domain.cluster import BatchQueue, Cluster
from airavata_workload.domain.dag import nearest
from airavata_workload.domain.errors import ClusterFileError, NotFoundError

FRESH_S = 1.0
"""For so long a description is not looked at again."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_VARIABLE = re.compile(r"\$\{([^{}]*)\}|\{([^{}]*)\}")

Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:+-]*$")]
ShellLine = Annotated[str, Field(pattern=r"^[^\r\n]*$")]
Seconds = Annotated[float, Field(gt=0)]


class QueueTable(Table):
    """``[queues.NAME]``: a queue (partition) and its limits; a limit that is not given is none."""

    max_wall_time: Duration | None = Field(None, description="Longest run time: '01:30:00', '90 min', '1.5 h'.")
    max_wall_time_s: int | None = Field(None, gt=0, description="The same in seconds.")
    max_node_count: int | None = Field(None, gt=0, description="Most nodes of a job.")
    max_cpu_count: int | None = Field(None, gt=0, description="Most CPU cores of a job.")
    max_memory_mib: int | None = Field(None, gt=0, description="Most memory per node in MiB.")
    max_tasks: int | None = Field(None, gt=0, description="Tasks at once of experiments that ask for the queue.")


class ClusterModel(Table):
    """A cluster file."""

    description: str = Field("", description="A sentence for people.")
    labels: list[Label] = Field([], description="Words for what it offers, such as 'gpu': see 'needs' of experiments.")
    application_types: list[str] = Field(
        [], description="Only for these a placement chooses the cluster; by default for all."
    )
    host: str = Field("localhost", min_length=1, pattern=r"^[^\s-]\S*$", description="Host name or address.")
    port: int = Field(22, ge=1, le=65535, description="TCP port of the SSH server.")
    user: str = Field("", pattern=r"^\S*$", description="Login name there; by default your own.")
    remote_shell: str = Field("ssh", min_length=1, description="How commands get there: local, ssh.")
    file_transfer: str = Field("scp", min_length=1, description="How files get there: local, scp, sftp.")
    batch_system: str = Field("slurm", min_length=1, description="What runs jobs: slurm, fork.")
    scratch_directory: str = Field(min_length=1, description="Where processes work: an absolute path there.")
    credential: str | None = Field(None, min_length=1, description="Token of a credential in the credential store.")
    identity_file: str | None = Field(None, min_length=1, description="Private key file here.")
    known_hosts_file: str | None = Field(None, min_length=1, description="Known hosts file here.")
    use_agent: bool = Field(True, description="Whether to ask the SSH agent for keys.")
    default_queue: str | None = Field(None, min_length=1, description="Queue of jobs that name none.")
    default_allocation: str | None = Field(None, min_length=1, description="Account of jobs that name none.")
    queues: dict[str, QueueTable] = Field({}, description="Queues and their limits.")
    environment: Variables = Field({}, description="Environment variables of every job.")
    modules: list[str] = Field([], description="Environment modules that every job loads.")
    pre_commands: list[ShellLine] = Field([], description="Shell lines before every job's commands.")
    post_commands: list[ShellLine] = Field([], description="Shell lines after every job's commands.")
    directives: list[ShellLine] = Field([], description="Lines for the head of every job script, as they are.")
    command_directory: str | None = Field(None, description="Where the batch system's commands are, if not on PATH.")
    max_tasks: int = Field(32, gt=0, description="Tasks at once on the resource.")
    max_channels: int = Field(8, gt=0, description="SSH channels at once; keep it below the server's MaxSessions.")
    connect_timeout_s: Seconds = Field(15.0, description="Seconds to wait for a connection.")
    command_timeout_s: Seconds = Field(120.0, description="Seconds that a command may take.")
    idle_timeout_s: Seconds = Field(300.0, description="Seconds after which an unused connection is closed.")
    keep_alive_s: Annotated[float, Field(ge=0)] = Field(
        30.0, description="Seconds of silence after which the server is asked whether it lives; 0: never."
    )
    min_poll_interval_s: Seconds | None = Field(None, description="Fewest seconds between two status queries.")
    max_poll_interval_s: Seconds | None = Field(None, description="Most seconds between two status queries.")


def load_cluster(path: Path, home: Path) -> Cluster:
    """The cluster that a file describes. Raises ``ClusterFileError``."""
    document = read_toml(path, ClusterFileError)
    name = path.stem
    if not _NAME.fullmatch(name):
        raise document.problem("the file's name is the cluster's name: letters, digits, '.', '-' and '_'.")
    model = bind(document, ClusterModel)
    values = model.model_dump(exclude={"queues", "scratch_directory"})
    lists = ("labels", "application_types", "modules", "pre_commands", "post_commands", "directives")
    values |= {key: tuple(values[key]) for key in lists}
    values |= {key: _local_path(document, key, home) for key in ("identity_file", "known_hosts_file") if values[key]}
    if values["command_directory"] and not PurePosixPath(values["command_directory"]).is_absolute():
        raise document.problem("'command_directory' must be an absolute path.", ("command_directory",))
    return Cluster(
        name=name,
        scratch_directory=_scratch(document, model, home),
        queues=tuple(_queue(document, key, table) for key, table in model.queues.items()),
        **values,
    )


def _queue(document: Document, name: str, table: QueueTable) -> BatchQueue:
    if table.max_wall_time is not None and table.max_wall_time_s is not None:
        key = ("queues", name, "max_wall_time_s")
        raise document.problem(f"queue '{name}' has both 'max_wall_time' and 'max_wall_time_s'.", key)
    values = table.model_dump(exclude={"max_wall_time", "max_wall_time_s"})
    return BatchQueue(name=name, **values, max_wall_time_s=table.max_wall_time or table.max_wall_time_s)


def _scratch(document: Document, model: ClusterModel, home: Path) -> str:
    text = _expand(document, "scratch_directory", {"${home}": str(home), "{user}": model.user or login_name()})
    path = PurePosixPath(text)
    if not path.is_absolute() or ".." in path.parts or "\n" in text:
        message = f"'scratch_directory' must be an absolute path without '..', not {text!r}."
        raise document.problem(message, ("scratch_directory",))
    return str(path)


def _local_path(document: Document, key: str, home: Path) -> str:
    text = _expand(document, key, {"${home}": str(home)})
    try:
        return str((document.path.absolute().parent / Path(text).expanduser()).absolute())
    except RuntimeError as reason:
        raise document.problem(f"'{key}': {reason}", (key,)) from reason


def _expand(document: Document, key: str, values: dict[str, str]) -> str:
    def replace(match: re.Match[str]) -> str:
        if match.group() not in values:
            known = " and ".join(values)
            raise document.problem(f"'{key}' holds {match.group()}; only {known} can be filled in.", (key,))
        return values[match.group()]

    return _VARIABLE.sub(replace, str(document.content[key]))


class ClusterFiles:
    """The clusters of some directories; a name in an earlier directory hides the same name in a later one.

    Files are read when they are asked for, and again when they change, which is
    noticed within ``fresh_s`` seconds: every command to a cluster asks for its
    description.
    """

    def __init__(self, directories: Sequence[Path], home: Path, fresh_s: float = FRESH_S) -> None:
        self._fresh_s = fresh_s
        self._directories = tuple(directories)
        self._home = home
        self._read: dict[Path, tuple[tuple[int, int], Cluster]] = {}
        self._fresh: dict[str, tuple[float, Cluster]] = {}
        self._all_fresh: tuple[float, dict[str, Cluster] | None] = (0.0, None)

    def cluster(self, name: str) -> Cluster:
        """The cluster of that name. Raises ``NotFoundError`` (with the nearest name) or ``ClusterFileError``."""
        looked_s, known = self._fresh.get(name, (0.0, None))
        if known is not None and time.monotonic() - looked_s < self._fresh_s:
            return known
        path = self._path(name)
        if path is not None:
            cluster = self._load(path)
            self._fresh[name] = (time.monotonic(), cluster)
            return cluster
        paths = self._paths()
        close = nearest(name, paths)
        hint = f" Did you mean '{close}'?" if close else f" Known are: {', '.join(sorted(paths)) or 'none'}."
        raise NotFoundError(
            f"There is no cluster '{name}'.{hint}", remedy=f"Describe it in {self._directories[0] / name}.toml."
        )

    def clusters(self) -> dict[str, Cluster]:
        """All clusters whose file can be read, by name."""
        looked_s, known = self._all_fresh
        if known is None or time.monotonic() - looked_s >= self._fresh_s:
            known = {name: found for name, found in self._all() if isinstance(found, Cluster)}
            self._all_fresh = (time.monotonic(), known)
        return dict(known)

    def broken(self) -> dict[str, ClusterFileError]:
        """What is wrong with the other files, by the name of the cluster."""
        return {name: found for name, found in self._all() if isinstance(found, ClusterFileError)}

    def _all(self) -> Iterator[tuple[str, Cluster | ClusterFileError]]:
        for name, path in sorted(self._paths().items()):
            try:
                yield name, self._load(path)
            except ClusterFileError as error:
                yield name, error

    def _path(self, name: str) -> Path | None:
        if not _NAME.fullmatch(name):  # above all, no path separators
            return None
        candidates = (directory / f"{name}.toml" for directory in self._directories)
        return next((path for path in candidates if path.is_file()), None)

    def _paths(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for directory in reversed(self._directories):
            found |= {path.stem: path for path in directory.glob("*.toml") if path.is_file()}
        return found

    def _load(self, path: Path) -> Cluster:
        try:
            status = path.stat()
        except OSError as reason:
            raise ClusterFileError(f"cannot be read: {reason.strerror}.", path=path) from reason
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._read.get(path)
        if known is None or known[0] != stamp:
            known = (stamp, load_cluster(path, self._home))
            self._read[path] = known
        return known[1]


def load_clusters(directories: Sequence[Path], home: Path) -> dict[str, Cluster]:
    """All clusters of these directories whose file can be read; ``ClusterFiles`` tells of the others."""
    return ClusterFiles(directories, home).clusters()
