"""How busy the clusters are: for placements, kept fresh in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from airavata_workload.domain.cluster import BatchLoad
from airavata_workload.domain.errors import UnavailableError, WorkloadError
from airavata_workload.domain.states import ExperimentState
from airavata_workload.ports.recovery_nodes import Member
from airavata_workload.ports.registry import ExperimentFilter, Registry
from airavata_workload.ports.validation import ClusterLoad
from airavata_workload.resources import Resources
from airavata_workload.threads import DaemonThreads

log = structlog.get_logger("airavata_workload.orchestrator")

FRESH_S = 30.0
"""For so long what a batch system said is not asked again."""
COUNT_FRESH_S = 2.0
"""The same for the number of our own experiments and for open circuits."""
FIRST_ANSWER_S = 5.0
"""How long the first question about a cluster is waited for; later ones are answered with what is known."""
_RUNNING = (ExperimentState.LAUNCHED, ExperimentState.EXECUTING, ExperimentState.CANCELING)
_THREADS = 4


@dataclass(slots=True)
class _Known:
    """What is known of a cluster. Instants are of ``time.monotonic``."""

    answered: threading.Event = field(default_factory=threading.Event)
    batch: BatchLoad | None = None
    unavailable: str = ""
    asked_s: float = float("-inf")
    own: int = 0
    counted_s: float = float("-inf")


class ClusterLoads:
    """Says of each cluster how busy it is, from what is known; asks clusters in threads of its own."""

    def __init__(self, registry: Registry, resources: Resources, members: Callable[[], Sequence[Member]]) -> None:
        self._registry = registry
        self._resources = resources
        self._members = members
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}
        self._circuits: dict[str, str] = {}
        self._circuits_s = float("-inf")
        self._pool = DaemonThreads(_THREADS, "cluster-load")

    def load(self, cluster: str) -> ClusterLoad:
        """How busy the cluster is."""
        now_s = time.monotonic()
        with self._lock:
            known = self._known.setdefault(cluster, _Known())
            due = now_s - known.asked_s >= FRESH_S
            if due:
                known.asked_s = now_s
        if due:
            self._pool.submit(self._ask, cluster, known)
        known.answered.wait(FIRST_ANSWER_S)
        own = self._own(cluster, known, now_s)
        unavailable = self._open_circuits(now_s).get(cluster, "") or known.unavailable
        return ClusterLoad(own_experiments=own, batch=known.batch, unavailable=unavailable)

    def placed(self, cluster: str) -> None:
        """An experiment was just placed there; it counts at once, so that many at once do not all go to one cluster."""
        with self._lock:
            self._known.setdefault(cluster, _Known()).own += 1

    def close(self) -> None:
        """Ask no more."""
        self._pool.close()

    def _own(self, cluster: str, known: _Known, now_s: float) -> int:
        if now_s - known.counted_s >= COUNT_FRESH_S:
            states = (ExperimentFilter(compute_resource=cluster, state=state) for state in _RUNNING)
            try:
                known.own = sum(self._registry.count(which) for which in states)
            except UnavailableError as error:
                log.warning("how many experiments run is not known", cluster=cluster, error=str(error))
            known.counted_s = now_s
        return known.own

    def _open_circuits(self, now_s: float) -> dict[str, str]:
        """What schedulers say of resources that do not answer them."""
        if now_s - self._circuits_s < COUNT_FRESH_S:
            return self._circuits
        self._circuits_s = now_s
        try:
            told = [member.capabilities.get("scheduler", {}).get("resources", []) for member in self._members()]
        except UnavailableError as error:
            log.warning("which circuits are open is not known", error=str(error))
            return self._circuits
        self._circuits = {
            each["name"]: each["circuit"]["reason"]
            for resources in told
            for each in resources
            if each["circuit"]["state"] != "closed"
        }
        return self._circuits

    def _ask(self, cluster: str, known: _Known) -> None:
        try:
            batch_system = self._resources.batch_system(cluster)
            script = batch_system.load_script()
            if script is not None:
                known.batch = batch_system.parse_load(self._resources.shell(cluster).run(script))
            known.unavailable = ""
        except UnavailableError as error:
            known.batch, known.unavailable = None, str(error)
        except WorkloadError as error:
            # It may be able to run jobs all the same: whoever does that will be told what is wrong.
            known.batch, known.unavailable = None, ""
            log.warning("a cluster does not say how busy it is", cluster=cluster, error=str(error))
        except Exception:
            known.batch = None
            log.exception("a cluster does not say how busy it is", cluster=cluster)
        finally:
            known.answered.set()
