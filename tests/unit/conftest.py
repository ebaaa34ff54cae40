"""Internal services for the tests of a module: what several modules about one begin with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from internal_site import InternalSite
from registry_site import RegistrySite


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistrySite]:
    """A gateway whose internal services answer on this machine."""
    with RegistrySite(tmp_path_factory.mktemp("registry") / "home") as made:
        yield made


@pytest.fixture(scope="module")
def registry(site: RegistrySite) -> Any:
    """A client of its registry service."""
    return site.registry


@pytest.fixture(scope="module")
def project(site: RegistrySite) -> str:
    """A project of a user of the gateway."""
    return site.project()


@pytest.fixture(scope="module")
def sharing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a sharing service."""
    with InternalSite(tmp_path_factory.mktemp("sharing") / "home") as made:
        yield made.sharing
