"""What is missing is told apart by the error itself, whatever its sentence says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from experiment_site import ExperimentSite, experiment_site
from gateway_site import ALICE

from airavata_adapters.thrift_api.failures import declared
from airavata_thrift.api_errors.ttypes import (
    AiravataSystemException,
    ExperimentNotFoundException,
    InvalidRequestException,
    ProjectNotFoundException,
)
from airavata_workload.api.sharing.sharing import READ
from airavata_workload.domain.caller import Caller, Role
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.thing import ThingKind

STRANGER = Caller(gateway="elsewhere", user="alice", roles=frozenset({Role.USER}))
THROWS = {
    "ire": InvalidRequestException,
    "enf": ExperimentNotFoundException,
    "pnf": ProjectNotFoundException,
    "ase": AiravataSystemException,
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ExperimentSite]:
    with experiment_site(tmp_path) as made:
        yield made


@pytest.mark.parametrize(("kind", "field"), [(ThingKind.EXPERIMENT, "enf"), (ThingKind.PROJECT, "pnf"), (None, "ire")])
@pytest.mark.parametrize("said", ["There is no experiment 'x'.", "There is no project 'x'.", "Nichts da."])
def test_the_exception_follows_from_what_is_missing(said: str, kind: ThingKind | None, field: str) -> None:
    chosen = declared(NotFoundError(said, missing=kind), THROWS)
    assert chosen is not None
    assert (chosen[0], type(chosen[1])) == (field, THROWS[field])


Asking = Callable[[ExperimentSite], object]


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda site: site.experiments.stored(ALICE, "absent", READ), ThingKind.EXPERIMENT),
        (lambda site: site.experiments.stored(STRANGER, site.create(), READ), ThingKind.EXPERIMENT),
        (lambda site: site.workload.experiment("absent"), ThingKind.EXPERIMENT),
        (lambda site: site.workload.hold("absent"), ThingKind.EXPERIMENT),
        (lambda site: site.projects.get(ALICE, "absent"), ThingKind.PROJECT),
        (lambda site: site.projects.get(STRANGER, site.project), ThingKind.PROJECT),
        (lambda site: site.create(project_id="absent"), ThingKind.PROJECT),
        (lambda site: site.data_products.get(ALICE, "airavata-dp://absent"), None),
    ],
)
def test_the_application_layer_says_what_is_missing(site: ExperimentSite, ask: Asking, kind: ThingKind | None) -> None:
    with pytest.raises(NotFoundError) as caught:
        ask(site)
    assert caught.value.missing is kind
