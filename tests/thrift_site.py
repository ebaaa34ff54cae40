"""A Thrift server over a small application layer of its own, and clients for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, Self

from thrift.protocol.TBinaryProtocol import TBinaryProtocol, TBinaryProtocolAccelerated
from thrift.protocol.TMultiplexedProtocol import TMultiplexedProtocol
from thrift.transport import TSocket, TSSLSocket, TTransport

from airavata_adapters.thrift_api.dialects import Dialect
from airavata_adapters.thrift_api.endpoint import Endpoint, Processor
from airavata_adapters.thrift_api.interfaces import AIRAVATA, CREDENTIAL_STORE, ORCHESTRATOR, USER_PROFILE
from airavata_adapters.thrift_api.limits import Limits
from airavata_adapters.thrift_api.listener import Listener
from airavata_adapters.thrift_api.methods import base
from airavata_adapters.thrift_api.server import ThriftServer
from airavata_adapters.thrift_api.tls import TlsFiles, client_context
from airavata_adapters.thrift_api.tls_renewal import RenewedTls
from airavata_adapters.thrift_api.wire import DialectCodec
from airavata_thrift.airavata_api import Airavata
from airavata_thrift.authorization.ttypes import AuthzToken
from airavata_workload.api.access.permission import missing
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import AuthenticationError, NotFoundError
from airavata_workload.domain.thing import Thing, ThingKind
from airavata_workload.records.experiments import UserConfigurationData
from airavata_workload.records.projects import Project

PATIENCE_S = 20
TOKEN = AuthzToken("good", {"gatewayID": "portal", "userName": "ada"})


class Projects:
    """A topic of an application layer; ``gate`` holds back whoever asks for the project 'slow'."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.waiting = threading.Semaphore(0)
        self.kept: dict[str, Project] = {}

    def get(self, caller: Caller, project_id: str) -> Project | None:
        if project_id == "slow":
            self.waiting.release()
            assert self.gate.wait(PATIENCE_S)
        if project_id == "nothing":
            return None
        if project_id == "broken":
            raise RuntimeError("secret of the server")
        if project_id == "unwritable":
            raise NotFoundError("There is no project 'a\udcff'.", missing=ThingKind.PROJECT, remedy="Check its id.")
        if project_id not in self.kept:
            raise missing(Thing(ThingKind.PROJECT, project_id))
        return self.kept[project_id]

    def create(self, caller: Caller, gateway_id: str, project: Project) -> str:
        self.kept[project.name] = project
        return f"{caller.user}@{caller.gateway}: {project.name}"

    def update(self, caller: Caller, project_id: str, updated_project: Project) -> None:
        self.kept[project_id] = updated_project

    def delete(self, caller: Caller, project_id: str) -> bool:
        raise NotFoundError(f"There is no compute resource '{project_id}'.")


class Experiments:
    """A topic with a struct that has two layouts; ``configurations`` are the records that came of them."""

    def __init__(self) -> None:
        self.configurations: list[UserConfigurationData] = []

    def update_configuration(self, caller: Caller, experiment_id: str, configuration: UserConfigurationData) -> None:
        self.configurations.append(configuration)


class Orchestration:
    """A topic of an internal service."""

    def launch(self, caller: Caller, experiment_id: str, gateway_id: str) -> bool:
        if experiment_id == "absent":
            raise missing(Thing(ThingKind.EXPERIMENT, "absent"))
        return caller.internal


def authenticate(access_token: str, claims: Mapping[str, str]) -> Caller:
    """Only the token 'good' is good."""
    if access_token != "good":
        raise AuthenticationError("The access token proves nothing.")
    return Caller(gateway=claims.get("gatewayID", ""), user=claims.get("userName", ""))


def deployments(api: Any, caller: Caller, gateway_id: str) -> tuple[str, ...]:
    """A target that is a function."""
    return (caller.user, gateway_id, api.greeting)


TARGETS = {
    AIRAVATA.name: {
        **base.AIRAVATA,
        "getProject": ("projects", "get"),
        "createProject": ("projects", "create"),
        "updateProject": ("projects", "update"),
        "deleteProject": ("projects", "delete"),
        "getAllUsersInGateway": deployments,
        "updateExperimentConfiguration": ("experiments", "update_configuration"),
    },
    ORCHESTRATOR.name: {**base.ORCHESTRATOR, "launchExperiment": ("orchestration", "launch")},
    CREDENTIAL_STORE.name: base.CREDENTIAL_STORE,
    USER_PROFILE.name: base.USER_PROFILE,
}


class Site:
    """A server with a public and an internal service, plain and, with ``tls``, encrypted."""

    def __init__(
        self,
        limits: Limits | None = None,
        threads: int = 4,
        tls: TlsFiles | None = None,
        gateways: Mapping[str, Dialect] = MappingProxyType({}),
    ) -> None:
        self.projects, self.experiments = Projects(), Experiments()
        self.api = SimpleNamespace(
            projects=self.projects, orchestration=Orchestration(), experiments=self.experiments, greeting="hello"
        )
        self.codec = DialectCodec(gateways=gateways)
        made = {each.name: Processor(each, TARGETS[each.name], self.api) for each in (AIRAVATA, ORCHESTRATOR)}
        profile = Processor(USER_PROFILE, TARGETS[USER_PROFILE.name], self.api)
        context = RenewedTls(tls) if tls is not None else None
        self.tls, self.threads = tls, threads
        self.endpoints = {
            "api": self._endpoint(made[AIRAVATA.name], profile),
            "orchestrator": self._endpoint(made[ORCHESTRATOR.name]),
        }
        self.server = ThriftServer(
            [self._listener(name, endpoint, context) for name, endpoint in self.endpoints.items()],
            limits=limits or Limits(),
            threads=threads,
        )
        self._open: list[TTransport.TTransportBase] = []

    def _endpoint(self, plain: Processor, *others: Processor) -> Endpoint:
        return Endpoint(plain, others, codec=self.codec, authenticate=authenticate)

    @staticmethod
    def _listener(name: str, service: Endpoint, context: RenewedTls | None) -> Listener:
        return Listener(name=name, host="127.0.0.1", port=0, service=service, tls=context)

    def address(self, listener: str = "api") -> tuple[str, int]:
        """Host and port of a listener."""
        host, _, port = self.server.addresses[listener].rpartition(":")
        return host, int(port)

    def client(
        self,
        *,
        service: str = "",
        framed: bool = False,
        strict: bool = True,
        kind: Any = Airavata,
        listener: str = "api",
    ) -> Any:
        """A generated client that is connected."""
        transport: Any = TSocket.TSocket(*self.address(listener))
        if self.tls is not None:
            context = client_context(self.tls)
            transport = TSSLSocket.TSSLSocket(*self.address(listener), ssl_context=context)
        transport.setTimeout(PATIENCE_S * 1000)
        transport = TTransport.TFramedTransport(transport) if framed else TTransport.TBufferedTransport(transport)
        transport.open()
        self._open.append(transport)
        plain: Any = TBinaryProtocolAccelerated(transport) if strict else TBinaryProtocol(transport, False, False)
        return kind.Client(TMultiplexedProtocol(plain, service) if service else plain)

    def socket(self, listener: str = "api") -> socket.socket:
        """A bare connection."""
        return socket.create_connection(self.address(listener), timeout=PATIENCE_S)

    def tls_socket(self, files: TlsFiles) -> socket.socket:
        """A bare connection over TLS, of a client with these files."""
        plain = self.socket()
        try:
            return client_context(files).wrap_socket(plain, server_hostname="127.0.0.1")
        except BaseException:
            plain.close()
            raise

    def __enter__(self) -> Self:
        """The site, running. A class of its own, because generated exceptions cannot pass ``contextmanager``."""
        self.server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let whoever waits go on, and stop."""
        for transport in self._open:
            transport.close()
        self.projects.gate.set()
        self.server.stop(PATIENCE_S)


def call(name: str, arguments: Any, sequence_id: int = 7) -> bytes:
    """The bytes of a call."""
    transport = TTransport.TMemoryBuffer()
    protocol = TBinaryProtocolAccelerated(transport)
    protocol.writeMessageBegin(name, 1, sequence_id)
    arguments.write(protocol)
    content: bytes = transport.getvalue()
    return content


def answers(connection: socket.socket, number: int) -> list[tuple[str, int, int, str]]:
    """The next answers: name, type, sequence id, and the text of an exception, or of a string that is the result."""
    transport: Any = TSocket.TSocket()
    transport.setHandle(connection)
    protocol = TBinaryProtocol(TTransport.TBufferedTransport(transport))
    found = []
    for _ in range(number):
        name, kind, sequence_id = protocol.readMessageBegin()
        found.append((name, kind, sequence_id, _text(protocol)))
    return found


def _text(protocol: TBinaryProtocol) -> str:
    text = ""
    while True:
        _, kind, number = protocol.readFieldBegin()
        if kind == 0:
            return text
        if kind == 11 and number in (0, 1):
            text = protocol.readString()
        else:
            protocol.skip(kind)


def certificates(folder: Path) -> TlsFiles:
    """Files of an authority and of one certificate for 127.0.0.1, which is the server's and the client's."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.datetime.now(datetime.UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def builder(subject: str, public_key: Any) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder(name("test authority"), name(subject), public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
        )

    ca = builder("test authority", ca_key.public_key())
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    ca = ca.add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
    ca = ca.add_extension(_key_usage(signs=True), critical=True)
    own = builder("server", key.public_key())
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    own = own.add_extension(names, critical=False)
    own = own.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    pem = serialization.Encoding.PEM
    files = TlsFiles(certificate=folder / "own.pem", private_key=folder / "own.key", peer_ca=folder / "ca.pem")
    assert files.certificate is not None
    assert files.private_key is not None
    assert files.peer_ca is not None
    files.certificate.write_bytes(own.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    files.peer_ca.write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    files.private_key.touch(mode=0o600)
    files.private_key.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def _key_usage(*, signs: bool) -> Any:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
