"""Cluster files: what is read, what is refused, and which of several directories counts."""

from __future__ import annotations

import os
import tomllib
from dataclasses import fields
from pathlib import Path

import airavata_workload_config
import pytest

from airavata_workload.documents.cluster_file import ClusterFiles, ClusterModel, load_cluster, load_clusters
from airavata_workload.documents.login import login_name
from airavata_workload.domain.cluster import BatchQueue, Cluster
from airavata_workload.domain.errors import ClusterFileError, NotFoundError

SHIPPED = airavata_workload_config.directory()


def write(directory: Path, name: str, text: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_that_a_file_can_say(tmp_path: Path) -> None:
    path = write(
        tmp_path / "clusters",
        "alpha",
        """\
description = "test"
host = "alpha.example.org"
port = 2222
user = "ada"
file_transfer = "sftp"
scratch_directory = "/scratch/{user}/work"
identity_file = "keys/id"
known_hosts_file = "${home}/known_hosts"
use_agent = false
default_queue = "short"
modules = ["gcc"]
pre_commands = ["ulimit -s unlimited"]
directives = ["#SBATCH --exclusive"]
command_directory = "/opt/slurm/bin"
max_channels = 4
connect_timeout_s = 5

[environment]
OMP_NUM_THREADS = 1

[queues.short]
max_wall_time = "30 min"
max_cpu_count = 64

[queues.long]
max_wall_time_s = 86400
""",
    )
    cluster = load_cluster(path, Path("/var/engine"))
    assert cluster == Cluster(
        name="alpha",
        description="test",
        host="alpha.example.org",
        port=2222,
        user="ada",
        file_transfer="sftp",
        scratch_directory="/scratch/ada/work",
        identity_file=str(tmp_path / "clusters" / "keys" / "id"),
        known_hosts_file="/var/engine/known_hosts",
        use_agent=False,
        default_queue="short",
        queues=(
            BatchQueue(name="short", max_wall_time_s=1800, max_cpu_count=64),
            BatchQueue(name="long", max_wall_time_s=86400),
        ),
        environment={"OMP_NUM_THREADS": "1"},
        modules=("gcc",),
        pre_commands=("ulimit -s unlimited",),
        directives=("#SBATCH --exclusive",),
        command_directory="/opt/slurm/bin",
        max_channels=4,
        connect_timeout_s=5.0,
    )


def test_the_model_knows_every_field_of_a_cluster_with_the_same_default() -> None:
    model = {name: field.get_default(call_default_factory=True) for name, field in ClusterModel.model_fields.items()}
    assert set(model) == {field.name for field in fields(Cluster)} - {"name"}
    default = Cluster(name="x")
    for name in set(model) - {"queues", "scratch_directory"}:
        wanted = getattr(default, name)
        assert (tuple(model[name]) if isinstance(wanted, tuple) else model[name]) == wanted
    assert all(field.description for field in ClusterModel.model_fields.values())


@pytest.mark.parametrize(
    ("text", "line", "key", "words", "suggestion"),
    [
        ('scratch_directory = "/s"\nmax_task = 3\n', 2, "max_task", "not a key of the file", "max_tasks"),
        ('host = "a"\n', None, "scratch_directory", "Where processes work", None),
        ('scratch_directory = "work"\n', 1, "scratch_directory", "absolute path", None),
        ('scratch_directory = "/a/../b"\n', 1, "scratch_directory", "absolute path", None),
        ('scratch_directory = "/a/{usr}"\n', 1, "scratch_directory", "only ${home} and {user}", None),
        ('scratch_directory = "/a/${user}"\n', 1, "scratch_directory", "only ${home} and {user}", None),
        ('scratch_directory = "/s"\nport = 0\n', 2, "port", "greater than or equal to 1", None),
        ('scratch_directory = "/s"\nhost = "-oProxyCommand=x"\n', 2, "host", "match pattern", None),
        ('scratch_directory = "/s"\ncommand_directory = "bin"\n', 2, "command_directory", "absolute path", None),
        (
            'scratch_directory = "/s"\nidentity_file = "~no-such-user-here/x"\n',
            2,
            "identity_file",
            "'identity_file'",
            None,
        ),
        ('scratch_directory = "/s"\ndirectives = ["a\\nb"]\n', 2, "directives[0]", "match pattern", None),
        (
            'scratch_directory = "/s"\n[queues.a]\nmax_wal_time = "1 h"\n',
            3,
            "queues.a.max_wal_time",
            "[queues.a]",
            "max_wall_time",
        ),
        (
            'scratch_directory = "/s"\n[queues.a]\nmax_wall_time = "1 h"\nmax_wall_time_s = 3600\n',
            4,
            "queues.a.max_wall_time_s",
            "both",
            None,
        ),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, text: str, line: int | None, key: str, words: str, suggestion: str | None
) -> None:
    path = write(tmp_path, "alpha", text)
    with pytest.raises(ClusterFileError) as caught:
        load_cluster(path, tmp_path)
    assert words in str(caught.value)
    assert (caught.value.path, caught.value.line, caught.value.key) == (path, line, key)
    assert caught.value.suggestion == suggestion


def test_a_name_that_is_no_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClusterFileError, match="letters, digits"):
        load_cluster(write(tmp_path, "a b", 'scratch_directory = "/s"\n'), tmp_path)


def test_the_first_directory_counts_and_a_broken_file_harms_no_other(tmp_path: Path) -> None:
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    write(own, "alpha", 'scratch_directory = "/own"\n')
    broken = write(own, "beta", "scratch_directory = 5\n")
    write(shipped, "alpha", 'scratch_directory = "/shipped"\n')
    write(shipped, "gamma", 'scratch_directory = "/shipped"\n')
    files = ClusterFiles((own, shipped, tmp_path / "none"), tmp_path)
    assert files.cluster("alpha").scratch_directory == "/own"
    assert sorted(files.clusters()) == ["alpha", "gamma"]
    assert load_clusters((own, shipped), tmp_path) == files.clusters()
    with pytest.raises(ClusterFileError, match="scratch_directory"):
        files.cluster("beta")
    assert {name: error.path for name, error in files.broken().items()} == {"beta": broken}


@pytest.mark.parametrize("name", ["alpah", "../alpha", "nothing-like-it", "", "a\0b"])
def test_an_unknown_cluster_is_not_found(tmp_path: Path, name: str) -> None:
    write(tmp_path / "clusters", "alpha", 'scratch_directory = "/s"\n')
    files = ClusterFiles((tmp_path / "clusters",), tmp_path)
    with pytest.raises(NotFoundError) as caught:
        files.cluster(name)
    assert "alpha" in str(caught.value)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, "alpha", 'scratch_directory = "/one"\n')
    files = ClusterFiles((tmp_path,), tmp_path, fresh_s=0.0)
    first = files.cluster("alpha")
    assert files.cluster("alpha") is first
    path.write_text('scratch_directory = "/two"\n')
    os.utime(path, ns=(1, 1))
    assert files.cluster("alpha").scratch_directory == "/two"


def test_the_shipped_local_cluster(tmp_path: Path) -> None:
    cluster = ClusterFiles((SHIPPED / "clusters",), tmp_path).cluster("local")
    assert (cluster.remote_shell, cluster.file_transfer, cluster.batch_system) == ("local", "local", "fork")
    assert cluster.scratch_directory == str(tmp_path / "scratch")


@pytest.mark.parametrize("path", sorted((SHIPPED / "examples" / "clusters").glob("*.toml")), ids=lambda path: path.stem)
def test_the_example_clusters_can_be_read(path: Path, tmp_path: Path) -> None:
    assert load_cluster(path, tmp_path).description.startswith("Example")


def test_the_full_example_shows_every_key_and_the_defaults(tmp_path: Path) -> None:
    """Lines that begin with ``#key`` become part of the file, which must still be right."""
    text = (SHIPPED / "examples" / "clusters" / "slurm-over-ssh.toml").read_text(encoding="utf-8")
    lines = [line[1:] if line[:1] == "#" and line[1:2] not in ("", " ") else line for line in text.splitlines()]
    path = write(tmp_path, "full", "\n".join(lines))
    assert set(tomllib.loads(path.read_text())) == set(ClusterModel.model_fields)
    cluster = load_cluster(path, tmp_path)
    default = Cluster(name="x")
    commented = ("port", "use_agent", "max_tasks", "max_channels", "connect_timeout_s", "command_timeout_s")
    for name in (*commented, "idle_timeout_s", "keep_alive_s"):
        assert getattr(cluster, name) == getattr(default, name)


def test_somebody_runs_the_tests() -> None:
    assert login_name()
