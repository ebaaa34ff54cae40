"""Where an experiment runs that leaves it open."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from airavata_workload.domain.cluster import BatchLoad, BatchQueue, Cluster
from airavata_workload.domain.errors import InputError
from airavata_workload.domain.experiment import Application, Experiment
from airavata_workload.domain.job import ResourceRequest
from airavata_workload.orchestrator.placing import Placing
from airavata_workload.orchestrator.validators import BatchQueueValidator, InputsValidator
from airavata_workload.ports.validation import ClusterLoad, Placement, PlacementContext
from airavata_workload.scheduler.placement import FixedPlacement, LeastLoadedPlacement, RoundRobinPlacement

SMALL = Cluster(
    name="small",
    batch_system="fork",
    max_tasks=4,
    default_queue="short",
    queues=(BatchQueue(name="short", max_wall_time_s=600, max_node_count=1, max_cpu_count=8, max_memory_mib=1000),),
)
LARGE = Cluster(name="large", max_tasks=32, labels=("gpu",), application_types=("md", "cfd"))
PLAIN = Cluster(name="plain", max_tasks=32)


def experiment(**values: object) -> Experiment:
    return Experiment(
        **{  # type: ignore[arg-type]
            "experiment_id": "e",
            "name": "e",
            "application_type": "cfd",
            "application": Application(name="a"),
            "compute_resource": "",
            "user": "ada",
            "candidates": (),
            **values,
        }
    )


class Loads:
    """Loads as the test sets them."""

    def __init__(self, **loads: ClusterLoad) -> None:
        self.loads = loads
        self.noted: list[str] = []

    def load(self, cluster: str) -> ClusterLoad:
        return self.loads.get(cluster, ClusterLoad())

    def placed(self, cluster: str) -> None:
        self.noted.append(cluster)


class Catalogue:
    """Clusters as the test gives them."""

    def __init__(self, *clusters: Cluster) -> None:
        self._clusters = {each.name: each for each in clusters}

    def cluster(self, name: str) -> Cluster:
        return self._clusters[name]

    def clusters(self) -> Mapping[str, Cluster]:
        return self._clusters


def placing(placement: Placement, *clusters: Cluster, loads: Loads | None = None) -> Placing:
    return Placing(
        placement=placement,
        validators=[BatchQueueValidator(), InputsValidator()],
        clusters=Catalogue(*(clusters or (SMALL, LARGE, PLAIN))),
        loads=loads or Loads(),
    )


ALL = [FixedPlacement, LeastLoadedPlacement, RoundRobinPlacement]


@pytest.mark.parametrize("placement", ALL)
def test_an_experiment_that_names_its_resource_stays_there(placement: type[Placement]) -> None:
    assert placing(placement()).resource_of(experiment(compute_resource="nowhere", needs=("gpu",))) == "nowhere"


def test_fixed_takes_the_first_candidate_that_fits_and_else_chooses_nothing() -> None:
    fixed = placing(FixedPlacement())
    assert fixed.resource_of(experiment(candidates=("plain", "large"))) == "plain"
    assert fixed.resource_of(experiment(candidates=("plain", "large"), needs=("gpu",))) == "large"
    with pytest.raises(InputError, match=r"names no compute resource.*Name one of large, plain, small"):
        fixed.resource_of(experiment())


def test_round_robin_goes_round_those_that_answer() -> None:
    loads = Loads()
    robin = placing(RoundRobinPlacement(), loads=loads)
    assert [robin.resource_of(experiment()) for _ in range(4)] == ["large", "plain", "small", "large"]
    loads.loads["plain"] = ClusterLoad(unavailable="no route")
    assert [robin.resource_of(experiment()) for _ in range(2)] == ["small", "large"]
    loads.loads |= {name: ClusterLoad(unavailable="no route") for name in ("small", "large")}
    assert robin.resource_of(experiment()) == "plain", "one has to be chosen, and its tasks wait"


def test_least_loaded_counts_our_experiments_over_what_may_run_at_once() -> None:
    loads = Loads(
        small=ClusterLoad(own_experiments=2), large=ClusterLoad(own_experiments=8), plain=ClusterLoad(own_experiments=9)
    )
    least = placing(LeastLoadedPlacement(), loads=loads)
    assert least.resource_of(experiment()) == "large"
    assert least.resource_of(experiment(candidates=("small", "plain"))) == "plain"
    assert loads.noted == ["large", "plain"]


def test_least_loaded_counts_everybodys_jobs_over_the_cpus() -> None:
    busy = BatchLoad(jobs_running=60, jobs_pending=40, cpu_count=100)
    idle = BatchLoad(jobs_running=60, jobs_pending=40, cpu_count=10_000)
    loads = Loads(large=ClusterLoad(batch=busy), plain=ClusterLoad(batch=idle, own_experiments=16))
    assert placing(LeastLoadedPlacement(), LARGE, PLAIN, loads=loads).resource_of(experiment()) == "plain"


def test_least_loaded_chooses_what_does_not_answer_only_when_nothing_does() -> None:
    loads = Loads(large=ClusterLoad(unavailable="no route"), plain=ClusterLoad(own_experiments=1000))
    least = placing(LeastLoadedPlacement(), LARGE, PLAIN, loads=loads)
    assert least.resource_of(experiment()) == "plain"
    assert least.resource_of(experiment(candidates=("large",))) == "large"


@pytest.mark.parametrize("placement", [LeastLoadedPlacement, RoundRobinPlacement])
@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        (experiment(needs=("gpu",)), {"large"}),
        (experiment(needs=("slurm",)), {"large", "plain"}),
        (experiment(needs=("fork",)), {"small"}),
        (experiment(application_type="chess"), {"small", "plain"}),
        (experiment(resources=ResourceRequest(node_count=2)), {"large", "plain"}),
        (experiment(resources=ResourceRequest(cpu_count=9)), {"large", "plain"}),
        (experiment(resources=ResourceRequest(memory_mib=2000)), {"large", "plain"}),
        (experiment(resources=ResourceRequest(wall_time_s=601)), {"large", "plain"}),
        (experiment(resources=ResourceRequest(queue="long")), {"large", "plain"}),
        (experiment(candidates=("small", "plain")), {"small", "plain"}),
    ],
)
def test_only_what_fits_is_chosen(placement: type[Placement], asked: Experiment, fits: set[str]) -> None:
    one = placing(placement())
    assert {one.resource_of(asked) for _ in range(5)} <= fits
    for name in fits:
        loads = Loads(**{other: ClusterLoad(unavailable="down") for other in fits - {name}})
        assert placing(placement(), loads=loads).resource_of(asked) == name


def test_where_nothing_fits_it_says_of_each_why_not() -> None:
    asked = experiment(
        candidates=("small", "large", "alhpa"), application_type="chess", resources=ResourceRequest(node_count=2)
    )
    with pytest.raises(InputError) as refused:
        placing(LeastLoadedPlacement()).resource_of(asked)
    assert str(refused.value) == (
        "No cluster can run the experiment. "
        "small: node count 2 is more than queue short of small allows (1); "
        "large: it does not run application type 'chess'; "
        "alhpa: there is no such cluster."
    )


def test_what_is_wrong_everywhere_is_said_once() -> None:
    with pytest.raises(InputError, match=r"^No cluster can run the experiment: it does not offer quantum$"):
        placing(LeastLoadedPlacement()).resource_of(experiment(needs=("quantum",)))
    with pytest.raises(InputError, match=r"no cluster to run the experiment on"):
        Placing(placement=FixedPlacement(), validators=[], clusters=Catalogue(), loads=Loads()).resource_of(
            experiment()
        )


def test_a_placement_that_chooses_what_it_was_not_offered_is_found_out() -> None:
    class Wrong(Placement):
        name = "wrong"

        def choose(self, experiment: Experiment, context: PlacementContext) -> str:
            return "elsewhere"

    with pytest.raises(InputError, match="'wrong' chose 'elsewhere'"):
        placing(Wrong()).resource_of(experiment())
