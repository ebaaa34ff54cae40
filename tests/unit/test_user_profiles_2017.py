"""The user profile service of April 2017, as a client of that month calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from internal_site import InternalSite
from thrift.protocol.TBase import TBase
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.Thrift import TMessageType, TType
from thrift.transport import TSocket, TTransport
from thrift_peers import peer

from airavata_thrift.user_profile_2017 import UserProfileService
from airavata_thrift.workspaces.ttypes import Gateway, GatewayApprovalStatus
from airavata_workload.domain.caller import INTERNAL
from airavata_workload.records.users import UserProfile, UserStatus

PEER = peer("2017-04")
Profile = PEER.struct("user_profiles.UserProfile")
Refusal = PEER.struct("user_profile_2017_errors.UserProfileServiceException")
PATIENCE_MS = 20_000

_TEXT: tuple[Any, ...] = (TType.STRING, "UTF8")
_NUMBER: tuple[Any, ...] = (TType.I32, None)
_TRUTH: tuple[Any, ...] = (TType.BOOL, None)
_PROFILE: tuple[Any, ...] = (TType.STRUCT, [Profile, Profile.thrift_spec])
_PROFILES: tuple[Any, ...] = (TType.LIST, (*_PROFILE, False))
METHODS: dict[str, tuple[tuple[Any, ...], tuple[tuple[Any, ...], ...]]] = {
    "addUserProfile": (_TEXT, (_PROFILE,)),
    "updateUserProfile": (_TRUTH, (_PROFILE,)),
    "getUserProfileById": (_PROFILE, (_TEXT, _TEXT)),
    "getUserProfileByName": (_PROFILE, (_TEXT, _TEXT)),
    "deleteUserProfile": (_TRUTH, (_TEXT,)),
    "getAllUserProfilesInGateway": (_PROFILES, (_TEXT, _NUMBER, _NUMBER)),
    "doesUserExist": (_TRUTH, (_TEXT, _TEXT)),
    "getAPIVersion": (_TEXT, ()),
}
"""What each returns and takes. Source: the interface of Apache Airavata as of April 2017."""


class RefusedError(Exception):
    """The service's own exception."""


class Client:
    """Speaks as that month's generated code of the service does, with its layout of a profile."""

    def __init__(self, service: Any, address: str) -> None:
        assert set(METHODS) == {each for each in dir(service.Iface) if not each.startswith("_")}
        host, _, port = address.rpartition(":")
        socket = TSocket.TSocket(host, int(port))
        socket.setTimeout(PATIENCE_MS)
        self.transport = TTransport.TBufferedTransport(socket)
        self.transport.open()
        self._protocol = TBinaryProtocol(self.transport)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return partial(self._call, method)

    def _call(self, method: str, *values: Any) -> Any:
        result, kinds = METHODS[method]
        given = enumerate(zip(kinds, values, strict=True), 1)
        arguments = _struct(*((number, kind, value) for number, (kind, value) in given))
        self._protocol.writeMessageBegin(method, TMessageType.CALL, 1)
        arguments.write(self._protocol)
        self._protocol.writeMessageEnd()
        self.transport.flush()
        _, kind, _ = self._protocol.readMessageBegin()
        assert kind == TMessageType.REPLY
        answer = _struct((0, result, None), (1, (TType.STRUCT, [Refusal, Refusal.thrift_spec]), None))
        answer.read(self._protocol)
        self._protocol.readMessageEnd()
        if answer.f1 is not None:
            raise RefusedError(answer.f1.message)
        for each in answer.f0 if isinstance(answer.f0, list) else [answer.f0]:
            if isinstance(each, Profile):
                PEER.check(each)
        return answer.f0


def _struct(*fields: tuple[int, tuple[Any, ...], Any]) -> Any:
    """A struct of these fields: number, type, value."""
    spec: list[Any] = [None] * (max((number for number, _, _ in fields), default=-1) + 1)
    for number, (wire_type, inside), _ in fields:
        spec[number] = (number, wire_type, f"f{number}", inside, None)
    names = tuple(f"f{number}" for number, _, _ in fields)
    made = type("Struct", (TBase,), {"__slots__": names, "thrift_spec": tuple(spec)})()
    for number, _, value in fields:
        setattr(made, f"f{number}", value)
    return made


def profile(user: str, gateway: str = "default", **fields: Any) -> Any:
    plain = {
        "userModelVersion": "1.0",
        "airavataInternalUserId": "DO_NOT_SET_AT_CLIENTS",
        "emails": [f"{user}@example.org"],
        "userName": "Ada King Lovelace",
        "creationTime": "1492000000000",
        "lastAccessTime": "2017-04-29T12:00:00+00:00",
        "validUntil": "never",
        "State": 0,
    }
    return Profile(userId=user, gatewayId=gateway, **{**plain, **fields})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InternalSite]:
    with InternalSite(tmp_path_factory.mktemp("profiles") / "home") as made:
        for name in ("lists", "one", "two"):
            made.registry.addGateway(Gateway(gatewayId=name, gatewayApprovalStatus=GatewayApprovalStatus.ACTIVE))
        yield made


@pytest.fixture
def client(site: InternalSite) -> Iterator[Client]:
    made = Client(UserProfileService, site.server.addresses["user_profile_2017"])
    yield made
    made.transport.close()


def stored(site: InternalSite, user: str, gateway: str = "default") -> UserProfile:
    return site.installation.api().users.profile(INTERNAL, user, gateway)


def test_a_profile_of_then_is_one_of_today(site: InternalSite, client: Client) -> None:
    assert not client.doesUserExist("ada", "default")
    assert client.addUserProfile(profile("ada", State=1, phones=["1"], country="GB")) == "ada"
    assert client.doesUserExist("ada", "default")
    kept = stored(site, "ada")
    assert (kept.first_name, kept.last_name, kept.emails) == ("Ada King", "Lovelace", ("ada@example.org",))
    assert (kept.created_at_ms, kept.last_access_at_ms, kept.valid_until_ms) == (1492000000000, 1493467200000, 0)
    assert (kept.state, kept.phones, kept.country) == (UserStatus.CONFIRMED, ("1",), "GB")
    for found in (client.getUserProfileById("ada", "default"), client.getUserProfileByName("ada", "default")):
        assert (found.userName, found.emails, found.country) == ("Ada King Lovelace", ["ada@example.org"], "GB")
        assert (found.creationTime, found.airavataInternalUserId) == ("1492000000000", "ada@default")


def test_a_profile_of_today_keeps_its_name_when_a_client_of_then_changes_it(site: InternalSite, client: Client) -> None:
    made = UserProfile(
        user_id="mary",
        gateway_id="default",
        emails=("mary@example.org",),
        first_name="Mary",
        middle_name="Fairfax",
        last_name="Somerville",
        created_at_ms=1,
        last_access_at_ms=1,
        valid_until_ms=-1,
        state=UserStatus.ACTIVE,
    )
    site.installation.api().users.add_profile(INTERNAL, made)
    found = client.getUserProfileById("mary", "default")
    assert found.userName == "Mary Fairfax Somerville"
    found.country = "GB"
    assert client.updateUserProfile(found)
    again = client.getUserProfileById("mary", "default")
    assert (again.userName, again.country, again.creationTime) == ("Mary Fairfax Somerville", "GB", "1")


def test_the_service_tells_its_version(client: Client) -> None:
    assert client.getAPIVersion() == "0.18.0"


def test_profiles_are_listed_by_gateway(client: Client) -> None:
    for user in ("carol", "bob", "alice"):
        client.addUserProfile(profile(user, "lists"))
    assert [each.userId for each in client.getAllUserProfilesInGateway("lists", 0, -1)] == ["alice", "bob", "carol"]
    assert [each.userId for each in client.getAllUserProfilesInGateway("lists", 1, 1)] == ["bob"]
    assert client.getAllUserProfilesInGateway("elsewhere", 0, -1) == []


def test_one_profile_is_deleted_though_no_gateway_is_named(client: Client) -> None:
    for gateway in ("one", "two"):
        client.addUserProfile(profile("eve", gateway))
    client.addUserProfile(profile("only@mail.example", "one"))
    with pytest.raises(RefusedError, match="2 gateways have a user 'eve'"):
        client.deleteUserProfile("eve")
    assert client.deleteUserProfile("eve@two")
    assert client.doesUserExist("eve", "one")
    assert not client.doesUserExist("eve", "two")
    assert client.deleteUserProfile("eve")
    assert not client.doesUserExist("eve", "one")
    assert client.deleteUserProfile("only@mail.example")
    assert not client.doesUserExist("only@mail.example", "one")
    with pytest.raises(RefusedError, match="no user 'eve'"):
        client.deleteUserProfile("eve")
