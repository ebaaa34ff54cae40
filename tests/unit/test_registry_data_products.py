"""Data products and their replicas, as the registry keeps them for the other servers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from registry_site import OTHER
from thrift_doors import GATEWAY
from whole_structs import UUID, changed, is_now, later, whole

from airavata_thrift.data_products.ttypes import (
    DataProductModel,
    DataProductType,
    DataReplicaLocationModel,
    ReplicaLocationCategory,
    ReplicaPersistentType,
)
from airavata_thrift.registry_errors.ttypes import RegistryServiceException


def product(name: str, **fields: Any) -> DataProductModel:
    plain = {"gatewayId": GATEWAY, "ownerName": "ada", "parentProductUri": None, "productUri": None}
    return whole(
        DataProductModel,
        productName=name,
        dataProductType=fields.pop("dataProductType", DataProductType.FILE),
        **{**plain, **fields},
    )


def replica(name: str) -> DataReplicaLocationModel:
    return whole(
        DataReplicaLocationModel,
        replicaId=None,
        replicaName=name,
        replicaLocationCategory=ReplicaLocationCategory.LONG_TERM_STORAGE_RESOURCE,
        replicaPersistentType=ReplicaPersistentType.PERSISTENT,
    )


def register(registry: Any, sent: DataProductModel) -> str:
    later()
    return str(registry.registerDataProduct(sent))


def kept(sent: DataReplicaLocationModel, read: DataReplicaLocationModel, uri: str) -> DataReplicaLocationModel:
    """What was sent, with what the registry gives."""
    assert is_now(read.creationTime)
    assert read.lastModifiedTime == read.creationTime
    times = {"creationTime": read.creationTime, "lastModifiedTime": read.lastModifiedTime}
    return changed(sent, replicaId=read.replicaId, productUri=uri, **times)


def test_a_product_is_kept_whole_with_its_replicas(registry: Any) -> None:
    first, second = replica("first"), replica("second")
    sent = product("energies", replicaLocations=[first])
    uri = registry.registerDataProduct(sent)
    assert re.fullmatch(f"airavata-dp://{UUID}", uri)
    later()
    added = registry.registerReplicaLocation(changed(second, productUri=uri))
    read = registry.getDataProduct(uri)
    one, two = read.replicaLocations
    assert one == kept(first, one, uri)
    assert two == kept(second, two, uri)
    assert two.replicaId == added
    assert is_now(read.creationTime)
    assert read == changed(
        sent,
        productUri=uri,
        creationTime=read.creationTime,
        lastModifiedTime=read.creationTime,
        replicaLocations=[one, two],
    )


def test_a_collection_has_what_names_it_and_nothing_else(registry: Any) -> None:
    folder = registry.registerDataProduct(product("folder", dataProductType=DataProductType.COLLECTION))
    other = registry.registerDataProduct(product("other", dataProductType=DataProductType.COLLECTION))
    parts = [register(registry, product(name, parentProductUri=folder)) for name in ("a", "b")]
    assert registry.getChildDataProducts(folder) == [registry.getDataProduct(each) for each in parts]
    assert registry.getChildDataProducts(other) == []
    assert registry.getParentDataProduct(parts[0]) == registry.getDataProduct(folder)
    with pytest.raises(RegistryServiceException, match=folder):
        registry.registerDataProduct(product("theirs", gatewayId=OTHER, parentProductUri=folder))
    assert len(registry.getChildDataProducts(folder)) == 2
    with pytest.raises(RegistryServiceException, match="in no collection"):
        registry.getParentDataProduct(folder)


def test_products_are_searched_in_their_gateway(registry: Any) -> None:
    mine = [register(registry, product(f"found {number}")) for number in range(3)]
    theirs = registry.registerDataProduct(product("found there", gatewayId=OTHER))
    registry.registerDataProduct(product("found of another", ownerName="bob"))

    def found(gateway_id: str, *page: int) -> list[str]:
        return [each.productUri for each in registry.searchDataProductsByName(gateway_id, "ada", "found", *page)]

    assert found(GATEWAY, -1, 0) == mine[::-1]
    assert found(GATEWAY, 1, 1) == [mine[1]]
    assert found(OTHER, -1, 0) == [theirs]


@pytest.mark.parametrize(
    "call",
    [
        lambda registry: registry.getDataProduct("airavata-dp://0"),
        lambda registry: registry.getParentDataProduct("airavata-dp://0"),
        lambda registry: registry.getChildDataProducts("airavata-dp://0"),
        lambda registry: registry.registerReplicaLocation(changed(replica("r"), productUri="airavata-dp://0")),
        lambda registry: registry.registerDataProduct(product("p", parentProductUri="airavata-dp://0")),
    ],
)
def test_a_product_that_there_is_not_is_named(registry: Any, call: Callable[[Any], object]) -> None:
    with pytest.raises(RegistryServiceException, match="no data product 'airavata-dp://0'"):
        call(registry)
    assert "p" not in [each.productName for each in registry.searchDataProductsByName(GATEWAY, "ada", "p", -1, 0)]
