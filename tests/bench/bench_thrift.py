"""How many calls a second the Thrift server answers, and what 500 clients cost, beside bare servers of ``thrift``.

Clients are processes of their own. Run by ``python tests/bench/bench_thrift.py``; prints one JSON line a figure.
"""

from __future__ import annotations

import multiprocessing as mp
import resource
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from figures import figure
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated, TBinaryProtocolAcceleratedFactory
from thrift.server.TNonblockingServer import TNonblockingServer
from thrift.server.TServer import TThreadPoolServer
from thrift.transport import TSocket, TTransport

from airavata_thrift.airavata_api import Airavata
from airavata_thrift.base_service import BaseAPI

CONNECTIONS = 4
SECONDS = 4.0
IDLE_CLIENTS = 500
AT_ONCE = 50
"""Calls between two looks at the clock."""

Serve = Callable[[Connection], None]


class Version:
    """What the bare servers answer."""

    def getAPIVersion(self) -> str:  # noqa: N802 - Thrift's name
        return "0.18.0"


def ours(told: Connection) -> None:
    """Our server: tells its port and, when asked, its resident memory in MiB, until it is asked for nothing more."""
    import thrift_site

    from airavata_adapters.thrift_api.limits import Limits

    with thrift_site.Site(limits=Limits(), threads=16) as site:
        told.send(site.address()[1])
        while told.recv():
            told.send((resident_mib(), len(threading.enumerate())))


def thread_pool(told: Connection) -> None:
    """The library's server with a thread a connection."""
    transport = TSocket.TServerSocket("127.0.0.1", free_port())
    server = TThreadPoolServer(
        BaseAPI.Processor(Version()),
        transport,
        TTransport.TBufferedTransportFactory(),
        TBinaryProtocolAcceleratedFactory(),
        daemon=True,
    )
    server.setNumThreads(CONNECTIONS)
    threading.Thread(target=server.serve, daemon=True).start()
    told.send(transport.port)
    told.recv()


def nonblocking(told: Connection) -> None:
    """The library's server with an event loop; its clients must send frames."""
    transport = TSocket.TServerSocket("127.0.0.1", free_port())
    server = TNonblockingServer(BaseAPI.Processor(Version()), transport, TBinaryProtocolAcceleratedFactory(), threads=4)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    told.send(transport.port)
    told.recv()


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def resident_mib() -> float:
    """Resident memory of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel does not say VmRSS")


def transport_to(port: int, framed: bool) -> Any:
    """An open transport."""
    bare = TSocket.TSocket("127.0.0.1", port)
    transport = TTransport.TFramedTransport(bare) if framed else TTransport.TBufferedTransport(bare)
    for _ in range(100):
        try:
            transport.open()
        except TTransport.TTransportException:
            # The library's servers begin to listen after they have been started.
            time.sleep(0.05)
        else:
            return transport
    raise RuntimeError(f"nobody listens on port {port}")


def calling(port: int, framed: bool, begin: Any, told: Connection) -> None:
    """A client's process: calls as fast as it can, and tells how often."""
    client = BaseAPI.Client(TBinaryProtocolAccelerated(transport_to(port, framed)))
    client.getAPIVersion()
    told.send(None)
    begin.wait()
    calls, end_s = 0, time.perf_counter() + SECONDS
    while time.perf_counter() < end_s:
        for _ in range(AT_ONCE):
            client.getAPIVersion()
        calls += AT_ONCE
    told.send(calls)


def calls_per_s(serve: Serve, *, framed: bool = False) -> float:
    """With all connections calling at once."""
    context = mp.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(there,))
    server.start()
    port, begin = here.recv(), context.Event()
    pipes, clients = [], []
    for _ in range(CONNECTIONS):
        mine, its = context.Pipe()
        pipes.append(mine)
        clients.append(context.Process(target=calling, args=(port, framed, begin, its)))
        clients[-1].start()
    for pipe in pipes:
        pipe.recv()
    begin.set()
    total = sum(pipe.recv() for pipe in pipes)
    for client in clients:
        client.join()
    here.send(False)
    server.join(10)
    server.kill()
    return float(total) / SECONDS


def many_clients() -> tuple[float, float, float, int]:
    """MiB before, MiB with the clients, p50 seconds of a call to the store's threads with all connected, threads."""
    import thrift_site

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    context = mp.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=ours, args=(there,))
    server.start()
    port = here.recv()
    here.send(True)
    before_mib, _ = here.recv()
    clients = [Airavata.Client(TBinaryProtocolAccelerated(transport_to(port, False))) for _ in range(IDLE_CLIENTS)]
    latencies = []
    for _ in range(3):
        for client in clients:
            begun_s = time.perf_counter()
            client.getAllUsersInGateway(thrift_site.TOKEN, "portal")
            latencies.append(time.perf_counter() - begun_s)
    here.send(True)
    after_mib, threads = here.recv()
    here.send(False)
    server.join(10)
    server.kill()
    return before_mib, after_mib, statistics.median(latencies), threads


def main() -> None:
    """Measure."""
    floor, loop = calls_per_s(thread_pool), calls_per_s(nonblocking, framed=True)
    value = calls_per_s(ours)
    figure("getAPIVersion, 4 connections", value, "calls/s", ">= 10000", floor, "bare TThreadPoolServer")
    figure("getAPIVersion, 4 connections", value, "calls/s", ">= 10000", loop, "bare TNonblockingServer")
    before_mib, after_mib, p50_s, threads = many_clients()
    figure(f"{IDLE_CLIENTS} connected clients, {threads} threads", after_mib, "MiB", "< 300", before_mib, "no client")
    figure(f"a call with token, {IDLE_CLIENTS} connected, p50", p50_s * 1000, "ms", "<= 2")


if __name__ == "__main__":
    main()
