"""Data products: whose they are, what they are called, and where their files lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gateway_site import ADMIN, ALICE, AUDITOR, BOB, Site, gateway_site
from hypothesis import example, given
from hypothesis import strategies as st

from airavata_workload.api.experiments.data_products import SCHEME, DataProducts
from airavata_workload.api.experiments.experiment_files import file_uri, path_of
from airavata_workload.domain.errors import DeniedError, InputError
from airavata_workload.records.data_products import DataProduct


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with gateway_site(tmp_path) as made:
        yield made


def test_no_client_chooses_a_uri(site: Site) -> None:
    products = DataProducts(records=site.records, clock=site.clock)
    wanted = DataProduct(product_uri=f"{SCHEME}somebody-elses", product_name="p")
    first, second = products.register(ALICE, wanted), products.register(BOB, wanted)
    assert len({first, second, wanted.product_uri}) == 3
    assert products.get(ALICE, first).owner_name == "alice"


def test_lists_are_for_owners_and_administrators(site: Site) -> None:
    products = DataProducts(records=site.records, clock=site.clock)
    uri = products.register(ALICE, DataProduct(product_name="Result"))
    for caller in (ALICE, AUDITOR, ADMIN):
        assert [each.product_uri for each in products.search(caller, "seagrid", "alice", "res")] == [uri]
    for caller in (BOB, replace(ALICE, user="mallory")):
        with pytest.raises(DeniedError, match="another user"):
            products.search(caller, "seagrid", "alice", "res")


@given(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1))
@example("a b#c?d%41.txt")
def test_a_file_uri_names_the_file(name: str) -> None:
    path = f"/data/{name}"
    assert path_of(file_uri("store.example.org", path), "x") == path
    assert path_of(file_uri("", path), "x") == path


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("file://store.example.org:/data/in put#1?.txt", "/data/in put#1?.txt"),
        ("file://ada@store.example.org:22/data/x", "/data/x"),
        ("file:/data/x", "/data/x"),
        ("FILE:///data/x", "/data/x"),
        ("data/a:b", "data/a:b"),
        ("file://store.example.org", "/"),
    ],
)
def test_paths_are_read_as_clients_write_them(value: str, path: str) -> None:
    assert path_of(value, "x") == path


def test_what_is_fetched_elsewhere_is_refused() -> None:
    with pytest.raises(InputError, match="not fetched by 'https'"):
        path_of("https://example.org/x", "Input 'x'")
