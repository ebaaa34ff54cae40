"""Data products: files that a gateway knows, and where their replicas are."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from airavata_workload.api.access.existing_gateway import require_existing_gateway
from airavata_workload.api.access.permission import (
    missing,
    require_admin_view,
    require_gateway,
    require_user,
    require_writer,
)
from airavata_workload.api.request_check import given, page
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.data_products import DataProduct, DataReplicaLocation

SCHEME = "airavata-dp://"
"""Source: Airavata 0.17, the form of a product's URI: the scheme, then a UUID."""


class DataProducts:
    """Registers and finds data products of the caller's gateway.

    A product's URI cannot be guessed, and stands where an experiment that is
    shared shows it: whoever knows it reads the product. Lists are for owners.
    """

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def register(self, caller: Caller, product: DataProduct) -> str:
        """Store a data product with its replicas; returns its URI, which is made here.

        Source: Airavata 0.17: whatever clients send as URI is not looked at.
        """
        require_writer(caller)
        gateway_id = product.gateway_id or caller.gateway
        require_existing_gateway(self._records, caller, gateway_id)
        owner = product.owner_name or caller.user
        require_user(caller, owner, "register a data product of another user")
        name = given(product.product_name, "The data product's name")
        now_ms = self._clock() // 1000
        stored = replace(
            product,
            product_uri=new_uri(),
            gateway_id=gateway_id,
            owner_name=owner,
            product_name=name,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            replica_locations=None,
        )
        with self._records.transaction() as records:
            if product.parent_product_uri:
                parent = _require_product(records, caller, product.parent_product_uri)
                if parent.gateway_id != gateway_id:
                    raise missing(f"data product '{product.parent_product_uri}'")
            records.add(stored)
            for replica in product.replica_locations or ():
                records.add(_replica(replica, stored.product_uri or "", now_ms))
        return stored.product_uri or ""

    def get(self, caller: Caller, product_uri: str) -> DataProduct:
        """One data product with its replicas."""
        with self._records.reading() as records:
            return _whole(records, _require_product(records, caller, product_uri))

    def register_replica(self, caller: Caller, replica: DataReplicaLocation) -> str:
        """Store one more replica of a product; returns its id."""
        require_writer(caller)
        with self._records.transaction() as records:
            product = _require_product(records, caller, replica.product_uri)
            require_user(caller, product.owner_name or "", "add to a data product of another user")
            stored = _replica(replica, product.product_uri or "", self._clock() // 1000)
            records.add(stored)
        return stored.replica_id or ""

    def parent(self, caller: Caller, product_uri: str) -> DataProduct:
        """The collection that the product is in."""
        with self._records.reading() as records:
            product = _require_product(records, caller, product_uri)
            if not product.parent_product_uri:
                raise InputError(f"Data product '{product_uri}' is in no collection.", remedy="It has no parent.")
            return _whole(records, _require_product(records, caller, product.parent_product_uri))

    def children(self, caller: Caller, product_uri: str) -> tuple[DataProduct, ...]:
        """What is in a collection, in order of making."""
        with self._records.reading() as records:
            parent = _require_product(records, caller, product_uri)
            which = Query(equal={"parent_product_uri": product_uri, "gateway_id": parent.gateway_id})
            found = records.find(DataProduct, which, order_by="created_at_ms")
            return tuple(_with_replicas(records, found))

    def search(
        self, caller: Caller, gateway_id: str, user_id: str, product_name: str, limit: int = -1, offset: int = 0
    ) -> tuple[DataProduct, ...]:
        """A user's products whose name holds a text, the newest first; administrators may ask for anybody's."""
        require_gateway(caller, gateway_id)
        if caller.user != user_id:
            require_admin_view(caller, "list the data products of another user")
        count, start = page(limit, offset)
        which = Query(equal={"gateway_id": gateway_id, "owner_name": user_id}, contains={"product_name": product_name})
        with self._records.reading() as records:
            found = records.find(
                DataProduct, which, order_by="created_at_ms", descending=True, limit=count, offset=start
            )
            return tuple(_with_replicas(records, found))


def new_uri() -> str:
    """The URI of a new product."""
    return f"{SCHEME}{uuid.uuid4()}"


def _replica(replica: DataReplicaLocation, product_uri: str, now_ms: int) -> DataReplicaLocation:
    return replace(
        replica,
        replica_id=str(uuid.uuid4()),
        product_uri=product_uri,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )


def _require_product(records: Records, caller: Caller, product_uri: str | None) -> DataProduct:
    what = f"data product '{product_uri}'"
    product = records.get(DataProduct, given(product_uri, "The data product's URI"))
    if product is None:
        raise missing(what)
    require_gateway(caller, product.gateway_id, what)
    return product


def _whole(records: Records, product: DataProduct) -> DataProduct:
    return _with_replicas(records, [product])[0]


def _with_replicas(records: Records, products: Sequence[DataProduct]) -> list[DataProduct]:
    """The products, each with its replicas, in one query."""
    by_product: dict[str | None, list[DataReplicaLocation]] = {each.product_uri: [] for each in products}
    which = Query(equal={"product_uri": tuple(by_product)})
    for replica in records.find(DataReplicaLocation, which, order_by="created_at_ms"):
        by_product[replica.product_uri].append(replica)
    return [replace(each, replica_locations=tuple(by_product[each.product_uri])) for each in products]
