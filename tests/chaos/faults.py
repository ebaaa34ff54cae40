"""The faults: each can be injected and healed, and a seeded sequence of them is a run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from chaos.proxy import Proxy
from chaos.site import Site
from faults.wall_clock import HOUR_S

NODES = 3
TWO_AT_ONCE = 0.25
"""The share of rounds in which a second fault comes with the first."""


def nothing() -> None:
    """For faults that heal by themselves, as a killed service does: its supervisor starts it anew."""


@dataclass(frozen=True)
class Fault:
    """One fault: what it is called, of which kind it is, and for how many seconds it lasts."""

    name: str
    kind: str
    inject: Callable[[], None]
    heal: Callable[[], None]
    hold_s: float
    concerns: frozenset[str]
    """What is affected; two faults at once concern different things."""


@dataclass(frozen=True)
class Kind:
    """A kind of fault; ``make`` chooses the victim."""

    name: str
    make: Callable[[random.Random], Fault]


class Faults:
    """All kinds of faults that a site knows but those ``without``, and the sequence that a seed gives."""

    def __init__(self, site: Site, seed: int, without: Sequence[str] = ()) -> None:
        self._site = site
        self._random = random.Random(seed)
        known = (
            *self._service_kinds(),
            *self._clock_kinds(),
            *self._server_kinds(),
            *self._link_kinds(),
            *self._disk_kinds(),
        )
        self.kinds = [kind for kind in known if kind.name not in without]

    def __iter__(self) -> Iterator[tuple[Sequence[Fault], float]]:
        """Endless: the faults of the next round, and for how long there is peace before it.

        Each kind comes once before any comes again.
        """
        while True:
            for kind in self._random.sample(self.kinds, len(self.kinds)):
                first = kind.make(self._random)
                both = [first]
                if self._random.random() < TWO_AT_ONCE:
                    second = self._random.choice(self.kinds).make(self._random)
                    if not first.concerns & second.concerns:
                        both.append(second)
                yield both, self._random.uniform(*self._site.pace.rest_s)

    def _hold_s(self, chance: random.Random) -> float:
        return chance.uniform(*self._site.pace.hold_s)

    # -- services ---------------------------------------------------------------------
    def _service_kinds(self) -> Iterator[Kind]:
        fleet, pace = self._site.fleet, self._site.pace
        one = fleet.names()

        def kill(victims: Sequence[str], kind: str) -> Fault:
            def inject() -> None:
                for victim in victims:
                    fleet.kill(victim)

            return Fault(f"{kind} {' '.join(victims)}", kind, inject, nothing, 0.0, frozenset(victims))

        def stop(victims: Sequence[str], kind: str) -> Fault:
            def inject() -> None:
                for victim in victims:
                    fleet.pause(victim)

            def heal() -> None:
                for victim in victims:
                    fleet.resume(victim)

            return Fault(f"{kind} {' '.join(victims)}", kind, inject, heal, pace.pause_s, frozenset(victims))

        for stage in dict.fromkeys(program.stage for program in fleet.programs):
            names = fleet.names(stage)
            yield Kind(f"SIGKILL {stage}", lambda r, n=names, s=stage: kill([r.choice(n)], f"SIGKILL {s}"))  # type: ignore[misc]
            yield Kind(f"SIGSTOP {stage}", lambda r, n=names, s=stage: stop([r.choice(n)], f"SIGSTOP {s}"))  # type: ignore[misc]
            if len(names) > 1:
                yield Kind(f"SIGKILL both {stage}", lambda r, n=names, s=stage: kill(n, f"SIGKILL both {s}"))  # type: ignore[misc]
        if len(one) > 1:
            yield Kind("SIGKILL two", lambda r: kill(r.sample(one, 2), "SIGKILL two"))
            yield Kind("SIGSTOP two", lambda r: stop(r.sample(one, 2), "SIGSTOP two"))

    # -- clocks ----------------------------------------------------------------------------
    def _clock_kinds(self) -> Iterator[Kind]:
        """The wall clock of one service is set, and later set right, which is a jump as well."""
        for name, offset_s in (("clock forwards", HOUR_S), ("clock backwards", -HOUR_S)):
            yield Kind(name, lambda r, n=name, s=offset_s: self._jump(r.choice(self._site.fleet.names()), n, s, r))  # type: ignore[misc]

    def _jump(self, victim: str, kind: str, offset_s: float, chance: random.Random) -> Fault:
        return Fault(
            f"{kind} {victim}",
            kind,
            lambda: self._site.set_clock(victim, offset_s),
            lambda: self._site.set_clock(victim, 0.0),
            self._hold_s(chance),
            frozenset({f"clock of {victim}"}),
        )

    # -- servers ----------------------------------------------------------------------------
    def _server_kinds(self) -> Iterator[Kind]:
        site = self._site
        if site.servers is None or site.embedded:
            return
        servers = site.servers.servers

        def kind_of(words: Sequence[str], how: str, name: str) -> Callable[[random.Random], Fault]:
            def end(*chosen: str) -> None:
                if how == "kill":
                    servers.kill(chosen[0], *(int(node) for node in chosen[1:]))
                else:
                    servers.stop(*chosen)

            def make(chance: random.Random) -> Fault:
                chosen = (*words, str(chance.randint(1, NODES))) if name == "one zookeeper" else tuple(words)
                title = f"{how} {' '.join(chosen)}"
                return Fault(
                    title,
                    f"{how} {name}",
                    lambda: end(*chosen),
                    lambda: servers.start(*words),
                    self._hold_s(chance),
                    frozenset({words[0]}),
                )

            return make

        for how in ("kill", "restart"):
            for server in ("rabbitmq", "neo4j", "mariadb"):
                yield Kind(f"{how} {server}", kind_of((server,), how, server))
            yield Kind(f"{how} one zookeeper", kind_of(("zookeeper3",), how, "one zookeeper"))
            yield Kind(f"{how} all zookeepers", kind_of(("zookeeper3",), how, "all zookeepers"))

    # -- connections --------------------------------------------------------------------------
    def _link_kinds(self) -> Iterator[Kind]:
        for server, proxies in self._site.proxies.items():
            yield self._link(f"cut {server}", server, proxies, Proxy.cut, lasts=False)
            yield self._link(f"refuse {server}", server, proxies, _refuse)
            yield self._link(f"delay {server}", server, proxies, lambda proxy: proxy.delay(self._site.pace.delay_s))
            yield self._link(f"half-open {server}", server, proxies, Proxy.swallow)

    def _link(
        self, name: str, server: str, proxies: Sequence[Proxy], act: Callable[[Proxy], None], *, lasts: bool = True
    ) -> Kind:
        def inject() -> None:
            for proxy in proxies:
                act(proxy)

        def heal() -> None:
            for proxy in proxies:
                proxy.heal()

        def make(chance: random.Random) -> Fault:
            hold_s = self._hold_s(chance)
            # The half-open state must outlast what heartbeats are for.
            hold_s = max(hold_s, self._site.pace.pause_s) if name.startswith("half-open") else hold_s
            return Fault(name, name, inject, heal, hold_s if lasts else 0.0, frozenset({server}))

        return Kind(name, make)

    # -- disks ------------------------------------------------------------------------------------
    def _disk_kinds(self) -> Iterator[Kind]:
        disk = self._site.disk
        if disk is None:
            return
        yield Kind(
            "full scratch disk",
            lambda chance: Fault(
                "full scratch disk",
                "full scratch disk",
                disk.fill,
                disk.free,
                self._hold_s(chance),
                frozenset({"disk"}),
            ),
        )


def _refuse(proxy: Proxy) -> None:
    proxy.refuse()
    proxy.cut()


def together(actions: Sequence[Callable[[], None]]) -> None:
    """Carry the actions out at the same time; raises what any of them raised."""
    with ThreadPoolExecutor(max(1, len(actions))) as threads:
        for done in [threads.submit(action) for action in actions]:
            done.result()
