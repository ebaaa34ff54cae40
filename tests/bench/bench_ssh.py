"""What commands and file transfers over SSH cost, each beside a floor measured in the same run.

Run ``python tests/bench/bench_ssh.py``; prints one JSON line a figure. By
default it starts an OpenSSH server of its own on this machine, so the figures
are those of the software without a network. ``value`` is ours, ``floor`` what
the same work costs with the least possible around it, ``ratio`` is value over
floor; ``met`` says whether the target is met.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from airavata_adapters.file_transfers.scp import ScpTransferFactory
from airavata_adapters.remote_shells.local import LocalShellFactory
from airavata_adapters.remote_shells.ssh import SshShellFactory
from airavata_workload.domain.cluster import Cluster
from airavata_workload.ports.file_transfer import FilePair, FileTransfer
from airavata_workload.ports.remote_shell import RemoteShell
from airavata_workload.testing.machines import NoCredentials
from airavata_workload.testing.ssh_server import SshServer

MIB = 1 << 20


def figure(
    name: str, value: float, unit: str, target: float | None, floor: float, floor_is: str, *, smaller_is_better: bool
) -> None:
    met = None if target is None else (value <= target if smaller_is_better else value >= target)
    row = {
        "figure": name,
        "value": round(value, 3),
        "unit": unit,
        "target": target,
        "met": met,
        "floor": round(floor, 3),
        "floor_is": floor_is,
        "ratio": round(value / floor, 3),
        "cores": os.cpu_count(),
    }
    print(json.dumps(row), flush=True)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def median_ms(work: Callable[[], object], times: int) -> float:
    work()
    return 1000 * statistics.median(seconds(work) for _ in range(times))


def fork_and_exec() -> None:
    subprocess.run(["sh", "-c", "true"], check=True)


def bench_commands(ssh: RemoteShell, local: RemoteShell, count: int) -> None:
    floor = median_ms(fork_and_exec, count)
    over_ssh = median_ms(lambda: ssh.run("true"), count)
    figure("ssh.command.p50", over_ssh, "ms", 5.0, floor, "fork and exec of sh here", smaller_is_better=True)
    here = median_ms(lambda: local.run("true"), count)
    figure("local.command.p50", here, "ms", None, floor, "fork and exec of sh here", smaller_is_better=True)
    with ThreadPoolExecutor(8) as threads:
        both = [
            8 * count / seconds(lambda shell=shell: list(threads.map(lambda _: shell.run("true"), range(8 * count))))
            for shell in (ssh, local)
        ]
    figure("ssh.commands.8-threads", both[0], "1/s", None, both[1], "the same without SSH", smaller_is_better=False)


def bench_small_experiment(ssh: RemoteShell, transfer: FileTransfer, directory: Path, count: int) -> None:
    """The remote work of one experiment: make directories, stage a file in, submit, look, stage a file out."""
    source = directory / "input"
    source.write_bytes(b"x" * 1024)

    def experiment(number: int) -> None:
        work = f"{directory}/experiments/{number}"
        ssh.run(f"mkdir -p {work}").require_success("Making the directory")
        transfer.put([FilePair(local=source, remote=f"{work}/in")])
        ssh.run(f"cd {work} && cp in out && echo 0 >exit-code").require_success("The job")
        ssh.run(f"cat {work}/exit-code").require_success("Asking for its state")
        transfer.get([FilePair(local=directory / "fetched" / str(number), remote=f"{work}/out")])

    def bare(number: int) -> None:
        work = f"{directory}/bare/{number}"
        script = f"mkdir -p {work} && cp {source} {work}/in && sha256sum {work}/in && cp {work}/in {work}/out"
        subprocess.run(["sh", "-c", script], check=True, capture_output=True)

    with ThreadPoolExecutor(8) as threads:
        ours = count / seconds(lambda: list(threads.map(experiment, range(count))))
        floor = count / seconds(lambda: list(threads.map(bare, range(count))))
    figure("ssh.small-experiments", ours, "1/s", 100, floor, "the same programs, no SSH", smaller_is_better=False)


def bench_small_files(transfer: FileTransfer, cluster: Cluster, directory: Path, count: int) -> None:
    sources = directory / "small"
    sources.mkdir()
    for number in range(count):
        (sources / f"f{number}").write_bytes(os.urandom(1024))
    there = [FilePair(local=file, remote=f"{directory}/sent/{file.name}") for file in sources.iterdir()]
    back = [FilePair(local=directory / "back" / pair.local.name, remote=pair.remote) for pair in there]
    (directory / "tar").mkdir()
    tar = f"tar -cf - -C {sources} . | {' '.join(ssh_command(cluster))} tar -xf - -C {directory}/tar"
    floor = count / seconds(lambda: subprocess.run(["sh", "-c", tar], check=True))
    sent = count / seconds(lambda: transfer.put(there))
    name = f"scp.put.{count}-files-of-1KiB"
    figure(name, sent, "files/s", 1500, floor, "tar | ssh tar, nothing verified", smaller_is_better=False)
    fetched = count / seconds(lambda: transfer.get(back))
    name = f"scp.get.{count}-files-of-1KiB"
    figure(name, fetched, "files/s", 1500, floor, "tar | ssh tar, nothing verified", smaller_is_better=False)


def bench_large_file(transfer: FileTransfer, cluster: Cluster, directory: Path, size_mib: int, rounds: int) -> None:
    source = directory / "large"
    with source.open("wb") as file:
        for _ in range(size_mib):
            file.write(os.urandom(MIB))
    remote, local = directory / "large-there", directory / "large-back"
    times: dict[str, list[float]] = {"scp": [], "put": [], "scp-get": [], "get": []}
    for _ in range(rounds):  # in turn, so that all see the same machine
        work: dict[str, Callable[[], object]] = {
            "scp": lambda: scp(cluster, str(source), there(cluster, remote)),
            "put": lambda: transfer.put([FilePair(local=source, remote=str(remote))]),
            "scp-get": lambda: scp(cluster, there(cluster, remote), str(local)),
            "get": lambda: transfer.get([FilePair(local=local, remote=str(remote))]),
        }
        for name, move in work.items():
            (local if "get" in name else remote).unlink(missing_ok=True)
            os.sync()
            times[name].append(seconds(move))
    best = {name: size_mib / min(taken) for name, taken in times.items()}
    for ours, theirs in (("put", "scp"), ("get", "scp-get")):
        figure(
            f"scp.{ours}.one-file-of-{size_mib}MiB",
            best[ours],
            "MiB/s",
            round(0.9 * best[theirs], 1),
            best[theirs],
            "OpenSSH scp, nothing verified",
            smaller_is_better=False,
        )


def ssh_options(cluster: Cluster) -> list[str]:
    return [
        "-i",
        str(cluster.identity_file),
        "-o",
        f"UserKnownHostsFile={cluster.known_hosts_file}",
        "-o",
        "BatchMode=yes",
    ]


def ssh_command(cluster: Cluster) -> list[str]:
    return ["ssh", *ssh_options(cluster), "-p", str(cluster.port), f"{cluster.user}@{cluster.host}"]


def there(cluster: Cluster, path: Path) -> str:
    return f"{cluster.user}@{cluster.host}:{path}"


def scp(cluster: Cluster, source: str, target: str) -> None:
    subprocess.run(["scp", "-q", *ssh_options(cluster), "-P", str(cluster.port), source, target], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large-mib", type=int, default=1024, help="size of the large file")
    parser.add_argument("--rounds", type=int, default=3, help="how often the large file is sent; the best counts")
    parser.add_argument("--commands", type=int, default=300, help="how many commands are timed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-ssh-") as name, SshServer(Path(name) / "sshd") as server:
        directory = Path(name)
        cluster = server.cluster()
        ssh = SshShellFactory().open(cluster, NoCredentials())
        local = LocalShellFactory().open(Cluster(name="here", remote_shell="local"), NoCredentials())
        transfer = ScpTransferFactory().open(cluster, ssh)
        bench_commands(ssh, local, arguments.commands)
        bench_small_experiment(ssh, transfer, directory, arguments.commands)
        bench_small_files(transfer, cluster, directory, 1000)
        bench_large_file(transfer, cluster, directory, arguments.large_mib, arguments.rounds)
        ssh.close()
        local.close()


if __name__ == "__main__":
    main()
