"""Fuzzes all services at once: a connection, and behind it the application layer over embedded stores."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import structlog
from experiment_site import ExperimentSite, experiment_site
from fuzz.calls import SIGNATURES, encoded
from fuzz.memory_connection import answers, talk
from thrift.Thrift import TMessageType

from airavata_adapters.thrift_api import methods
from airavata_adapters.thrift_api.binding import Signature
from airavata_adapters.thrift_api.endpoint import Endpoint, Processor
from airavata_adapters.thrift_api.interfaces import AIRAVATA, INTERFACES, USER_PROFILE_2017
from airavata_adapters.thrift_api.limits import Limits
from airavata_adapters.thrift_api.wire import DialectCodec
from airavata_workload.api.access.authentication import InsecureAuthentication

LIMITS = Limits(message_bytes=200_000, container_items=5_000)
GOOD_CALL_EVERY = 50
"""Inputs between two looks at whether the server still does what it should."""

_OUR_FAULTS = ("a call failed", "a call was not answered")


class ServerTarget:
    """Whole answers and declared errors only, no fault of ours, and the next client is served."""

    def __init__(self, folder: Path) -> None:
        structlog.configure(processors=[_fault])
        self._stack = ExitStack()
        site = self._stack.enter_context(experiment_site(folder))
        self._names = _names(site)
        api = site.installation.api()
        made = {each.name: Processor(each, methods.table(each.table), api) for each in INTERFACES}
        authenticate = InsecureAuthentication().caller
        self._services = [
            Endpoint(made.pop(plain.name), [*made.values()], codec=DialectCodec(), authenticate=authenticate)
            for plain in (USER_PROFILE_2017, AIRAVATA)
        ]
        self._inputs = 0

    def seeds(self) -> Iterator[bytes]:
        """A call of every method. The first byte says which service is called by calls that name none."""
        for number, signature in enumerate(SIGNATURES):
            interface = signature.interface
            name = signature.method.encode()
            if interface.multiplexed_as and interface is not AIRAVATA:
                name = f"{interface.multiplexed_as[0]}:{signature.method}".encode()
            head = struct.pack(">II", 0x80010001, len(name)) + name + struct.pack(">i", number)
            yield bytes([interface is not USER_PROFILE_2017]) + head + encoded(signature, self._names)

    def __call__(self, data: bytes) -> None:
        """Send it, and read the answers."""
        if not data:
            return
        answers(talk(self._services[data[0] & 1], data[1:], LIMITS))
        self._inputs += 1
        if self._inputs % GOOD_CALL_EVERY == 0:
            self.look()

    def look(self) -> None:
        """Check that a good call is answered as ever."""
        content = struct.pack(">II", 0x80010001, 13) + b"getAPIVersion" + struct.pack(">i", 1) + b"\0"
        said = talk(self._services[1], content + _call("getAllGateways", self._names), LIMITS)
        assert answers(said) == [("getAPIVersion", TMessageType.REPLY), ("getAllGateways", TMessageType.REPLY)]

    def close(self) -> None:
        """Let go of the stores."""
        self._stack.close()


def _call(method: str, names: Mapping[str, str]) -> bytes:
    signature = Signature(AIRAVATA, method)
    name = method.encode()
    return struct.pack(">II", 0x80010001, len(name)) + name + struct.pack(">i", 2) + encoded(signature, names)


def _names(site: ExperimentSite) -> Mapping[str, str]:
    """What fields of these names hold, so that calls find something."""
    experiment = site.create()
    return {
        **dict.fromkeys(("gatewayId", "gatewayID", "domainId"), "seagrid"),
        **dict.fromkeys(("userName", "userId", "owner", "ownerId", "requestingUserName", "user", "username"), "alice"),
        **dict.fromkeys(("projectId", "projectID"), site.project),
        **dict.fromkeys(("experimentId", "airavataExperimentId", "experimentID", "existingExperimentID"), experiment),
        **dict.fromkeys(("computeResourceId", "resourceHostId", "computeHostId"), site.host),
        **dict.fromkeys(("storageResourceId", "storageId", "resourceId"), site.storage),
        **dict.fromkeys(("appInterfaceId", "executionId", "applicationInterfaceId"), site.interface),
        "appDeploymentId": site.deployment,
        "hostName": "localhost",
    }


def _fault(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    """A fault of ours is a finding; anything else that is logged is nobody's concern here."""
    if event["event"] in _OUR_FAULTS:
        error = event.get("exc_info")
        raise AssertionError(f"{event}") from (error if isinstance(error, BaseException) else None)
    raise structlog.DropEvent
