"""For which gateways something may be kept."""

from __future__ import annotations

from airavata_workload.api.access.permission import require_gateway
from airavata_workload.api.request_check import found
from airavata_workload.domain.caller import Caller
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.records.gateways import Gateway


def require_existing_gateway(records: RecordStore, caller: Caller, gateway_id: str) -> None:
    """Let the gateway's own people pass, and internal peers if there is such a gateway. Raises ``NotFoundError``.

    A person's gateway was proved with who they are. A peer names any, and what it put into one that it misspelt, or
    that is gone, would be found by whoever gets a gateway of that name next.
    """
    require_gateway(caller, gateway_id)
    if caller.internal:
        with records.reading() as reading:
            found(reading.get(Gateway, gateway_id) if gateway_id else None, f"gateway '{gateway_id}'")
