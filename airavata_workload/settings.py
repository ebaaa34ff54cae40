"""The settings of the engine: ``config.toml`` in its home directory, overridden by the environment.

In order of precedence: arguments of ``load_settings``, environment variables
``AIRAVATA_WORKLOAD_<KEY>``, the file, the defaults below. The file is
``$AIRAVATA_WORKLOAD_CONFIG`` or else ``<home>/config.toml``, and home is
``$AIRAVATA_WORKLOAD_HOME`` or else ``~/.airavata-workload``.
``config/airavata-workload.toml`` shows every key with its default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnparsableVariableError

from airavata_workload.documents.binding import problems
from airavata_workload.documents.document import Document, combined
from airavata_workload.documents.toml_document import read_toml
from airavata_workload.domain.errors import DocumentError, SettingsError
from airavata_workload.storage_settings import HttpSettings, StorageSettings
from airavata_workload.thrift_settings import ThriftSettings

ENVIRONMENT_PREFIX = "AIRAVATA_WORKLOAD_"
HOME_VARIABLE = "AIRAVATA_WORKLOAD_HOME"
FILE_VARIABLE = "AIRAVATA_WORKLOAD_CONFIG"
DEFAULT_HOME = "~/.airavata-workload"

Share = Annotated[float, Field(ge=0.001, le=1000)]

_LIKENESS = 0.85
"""From this likeness on (``difflib`` ratio) an unknown environment variable is taken as a misspelt one."""


class BackingOptions(BaseModel):
    """``[options.*]``: what the chosen backing systems are told; each documents its own keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    graph_store: dict[str, Any] = Field({}, description="Options of the graph store.")
    task_queue: dict[str, Any] = Field({}, description="Options of the task queue.")
    recovery_nodes: dict[str, Any] = Field({}, description="Options of the recovery nodes.")
    registry: dict[str, Any] = Field({}, description="Options of the registry.")
    record_store: dict[str, Any] = Field({}, description="Options of the record store.")
    event_bus: dict[str, Any] = Field({}, description="Options of the event bus.")
    credential_store: dict[str, Any] = Field({}, description="Options of the credential store.")
    token_verifiers: dict[str, dict[str, Any]] = Field(
        {}, description="Options of the token verifiers, a table for each by its name."
    )
    identity_provider: dict[str, Any] = Field({}, description="Options of the identity provider.")


class Settings(BaseSettings):
    """Every setting, with its unit in its name. Made by itself it holds the defaults; see ``load_settings``."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    home: Path = Field(
        default_factory=lambda: Path(DEFAULT_HOME).expanduser(),
        description="Directory of the embedded stores, clusters, DAGs and outputs; set it by the environment only.",
    )

    graph_store: str = Field("embedded", description="Where DAGs live: an entry point of graph_stores.")
    task_queue: str = Field("embedded", description="What carries tasks to workers: an entry point of task_queues.")
    recovery_nodes: str = Field("embedded", description="Who runs what: an entry point of recovery_nodes.")
    registry: str = Field("embedded", description="Experiments and audit trail: an entry point of registries.")
    record_store: str = Field("embedded", description="What portals keep: an entry point of record_stores.")
    event_bus: str = Field("embedded", description="What carries events: an entry point of event_buses.")
    credential_store: str = Field("encrypted-file", description="Keys and passwords: one of credential_stores.")
    token_verifiers: list[str] = Field(
        ["own"], description="Whose access tokens are accepted: entry points of token_verifiers; the first that fits."
    )
    identity_provider: str = Field(
        "own", description="Where the accounts of the gateways' users are: an entry point of identity_providers."
    )
    options: BackingOptions = Field(BackingOptions(), description="Option tables of these backing systems.")
    partition: str = Field("", description="Separates the queues of engines that share a store; '' is the common one.")

    placement: str = Field("fixed", description="Chooses the compute resource: an entry point of placements.")
    validators: list[str] = Field(
        ["batch-queue", "inputs"], description="Refuse experiments that cannot work, in this order."
    )

    local_resources: bool = Field(
        False, description="Whether resources registered by gateways may be this machine itself, without a login."
    )

    worker_slots: int = Field(16, gt=0, le=1024, description="Tasks that one worker process runs at once.")
    drain_time_s: float = Field(30.0, ge=0, description="Seconds that running tasks are given when a service stops.")

    health_host: str = Field("127.0.0.1", description="Address on which a service answers /live and /ready.")
    health_port: int = Field(0, ge=0, le=65535, description="Port for that; 0 is any that is free.")

    thrift: ThriftSettings = Field(ThriftSettings(), description="Airavata's Thrift services: the tables below.")

    default_gateway: str = Field(
        "default", description="Gateway that is there from the first start of an API server; '' is none."
    )
    super_gateway: str = Field(
        "", description="Gateway whose administrators see, change and approve all gateways; '' is none."
    )
    ssh_key_type: Literal["ed25519", "rsa"] = Field(
        "ed25519", description="Type of the SSH keys that are made for gateways and users; rsa has 3072 bits."
    )
    storage: StorageSettings = Field(StorageSettings(), description="The gateways' storage: the table below.")
    http: HttpSettings = Field(HttpSettings(), description="The routes under /api/v1: the table below.")

    max_tasks_per_host: int = Field(
        32, gt=0, description="Tasks at once on a host whose cluster cannot be read; otherwise its max_tasks counts."
    )
    max_tasks_per_user: int | None = Field(
        None, gt=0, description="Tasks at once of one user of a gateway, on all hosts together; by default no limit."
    )
    max_tasks_per_gateway: int | None = Field(
        None, gt=0, description="Tasks at once of one gateway, on all hosts together; by default no limit."
    )
    gateway_shares: dict[str, Share] = Field(
        {}, description="How many turns a gateway gets for one of the others when several wait; 1 if it is not named."
    )
    priority_aging_s: float = Field(
        600.0, gt=0, description="Seconds after which a normal task that waits goes as if it were urgent."
    )

    host_failure_first_delay_s: float = Field(
        2.0, gt=0, description="Seconds for which a host that does not answer is left alone the first time."
    )
    host_failure_max_delay_s: float = Field(
        300.0, gt=0, description="Most seconds for which it is left alone; the delay doubles up to here."
    )

    monitor_min_poll_interval_s: float | None = Field(
        None, gt=0, description="Fewest seconds between status queries, in place of what clusters say themselves."
    )
    monitor_max_poll_interval_s: float | None = Field(
        None, gt=0, description="Most seconds between status queries, in place of what clusters say themselves."
    )

    recovery_interval_s: float = Field(
        2.0, gt=0, description="Seconds between two looks for experiments whose engine is gone."
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged, and above.")
    log_format: Literal["text", "json"] = Field("text", description="How it is logged, to standard error.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments only: ``load_settings`` knows from where each value came, and so can say where it is wrong."""
        return (init_settings,)

    @property
    def clusters_directory(self) -> Path:
        """Where this installation's own cluster files are."""
        return self.home / "clusters"

    @property
    def dags_directory(self) -> Path:
        """Where this installation's own DAG files are."""
        return self.home / "dags"

    @property
    def storage_directory(self) -> Path:
        """Where the gateways' storage is."""
        return (self.storage.root or self.home / "storage").expanduser().absolute()

    @property
    def outputs_directory(self) -> Path:
        """Where outputs go of experiments that say nothing else."""
        return self.home / "outputs"


def home_directory() -> Path:
    """``$AIRAVATA_WORKLOAD_HOME``, or its default, as an absolute path."""
    return Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).expanduser().absolute()


def load_settings(*, file: Path | None = None, backing_from_environment: bool = True, **overrides: Any) -> Settings:
    """The settings in force. A file that is named by ``$AIRAVATA_WORKLOAD_CONFIG`` must be there.

    ``file`` is read in place of that one, if it is there. Without
    ``backing_from_environment`` no environment variable says which backing
    systems there are and what they are told.

    Raises ``SettingsError`` that names file and line, or the environment variable.
    """
    home = Path(overrides["home"]).absolute() if "home" in overrides else home_directory()
    named = None if file else os.environ.get(FILE_VARIABLE)
    path = Path(named).expanduser().absolute() if named else file or home / "config.toml"
    document = Document(path=path, content={}, lines={}, error=SettingsError)
    if named or path.exists():
        document = read_toml(path, SettingsError)
    if "home" in document.content:
        raise document.problem(
            "'home' cannot be set in a file that may lie in it.", ("home",), remedy=f"Set ${HOME_VARIABLE}."
        )
    from_environment = _environment()
    if not backing_from_environment:
        backing = {*BackingOptions.model_fields, "options"}
        from_environment = {name: value for name, value in from_environment.items() if name not in backing}
    values = _merged(_merged(document.content, from_environment), {**overrides, "home": home})
    try:
        return Settings(**values)
    except ValidationError as error:
        raise combined(_problems(error, document, from_environment)) from None


def _environment() -> dict[str, Any]:
    """The values that environment variables give, lists and tables as JSON. Raises ``SettingsError``."""
    known = {f"{ENVIRONMENT_PREFIX}{name}".upper() for name in Settings.model_fields} | {FILE_VARIABLE}
    for variable in os.environ:
        if variable.startswith(ENVIRONMENT_PREFIX) and variable.split("__")[0] not in known:
            close = get_close_matches(variable, known, n=1, cutoff=_LIKENESS)
            if close:
                raise SettingsError(f"environment variable {variable} is not a setting.", suggestion=close[0])
    try:
        return EnvSettingsSource(Settings)()
    except UnparsableVariableError as error:
        raise SettingsError(f"{error}: lists and tables are written as JSON.") from None


def _merged(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Both together; where both have a value the upper one counts, tables are merged key by key."""
    result = dict(lower)
    for key, value in upper.items():
        below = result.get(key)
        result[key] = _merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result


def _problems(error: ValidationError, document: Document, environment: Mapping[str, Any]) -> list[DocumentError]:
    found = problems(document, Settings, error, concerns=lambda _kind, key: key[0] not in environment)
    for name in environment:
        variable = f"environment variable {ENVIRONMENT_PREFIX}{name.upper()}"
        source = Document(path=Path(variable), content=environment, lines={}, error=SettingsError)
        found += problems(source, Settings, error, concerns=lambda _kind, key, name=name: key[0] == name)  # type: ignore[misc]
    return found
