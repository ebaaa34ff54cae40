"""The page of the settings."""

from __future__ import annotations

import inspect

from airavata_workload import settings as source
from airavata_workload.settings import DEFAULT_HOME, ENVIRONMENT_PREFIX, BackingOptions, Settings
from airavata_workload.thrift_settings import (
    DEFAULT_PORTS,
    LimitsSettings,
    ListenerSettings,
    ListenersSettings,
    ThriftSettings,
    TlsSettings,
)
from reference_pages import project
from reference_pages.markdown import code, document, fenced, paragraphs, prose, table
from reference_pages.models import default_of, keys, type_of

_HOME = """
| in the home directory | what |
|---|---|
| `config.toml` | the settings, if there are any |
| `clusters/NAME.toml` | [cluster files](cluster-file.md) |
| `dags/TYPE.yaml` | [DAG files](dag-file.md) |
| `workload.db`, and `-wal` and `-shm` beside it | graph store, registry, task queue, recovery nodes and event bus |
| `gateway.db`, and `-wal` and `-shm` beside it | the record store |
| `credentials.enc`, `credentials.key` | the credential store and its key |
| `token-signing.key`, `tokens.json` | what signs our own access tokens; public keys and what was issued and revoked |
| `sessions/` | a lock file for each living process |
| `storage/GATEWAY/USER/` | what users see as `/` over SFTP |
| `storage-host.key` | the key by which SFTP clients know this installation again |
| `outputs/EXPERIMENT/` | outputs of experiments that name no directory |
| `scratch/` | where the cluster `local` works |
"""


def page() -> str:
    """The page."""
    rows = [
        (code(name), type_of(field.annotation, field.metadata), default_of(field), prose(field.description or ""))
        for name, field in Settings.model_fields.items()
        if name not in ("home", "options")
    ]
    listening = ", ".join(f"{code(name)} {port}" for name, port in DEFAULT_PORTS.items())
    return document(
        "Settings",
        "`airavata_workload/settings.py`",
        paragraphs(inspect.getdoc(source)),
        "An unknown key, or an environment variable that looks like a misspelt setting, is an error. "
        "`airavata-workload config show` shows every setting with its value and where that comes from; passwords in it "
        "are masked.",
        "## Keys",
        table(("key", "type", "default", "meaning"), rows),
        f"As environment variables they are called `{ENVIRONMENT_PREFIX}` and the key in capitals, for example "
        f"`{ENVIRONMENT_PREFIX}WORKER_SLOTS=8`. Lists and tables are written as JSON there.",
        "## `[options]`",
        keys(BackingOptions),
        "The embedded backing systems take no options.",
        "The registry `sql` keeps experiments and audit trail in a database of its own. Its options are `url`, for "
        "example `mysql+pymysql://USER:PASSWORD@HOST:3306/DATABASE?ssl_ca=/etc/ssl/certs/ca.pem` (MySQL, MariaDB, or "
        "`sqlite:///FILE`; with `ssl_ca` the server's certificate and name are checked; with `unix_socket=FILE` a "
        "server on this machine is reached without TLS, unless an `ssl_` parameter asks for it); `pool_size`, the most "
        "connections with which a process writes, and as many with which it reads (10); and `upgrade`, whether opening "
        "it brings its tables up to date (true; if "
        "false, `airavata-workload db upgrade` has to).",
        "The record store `sql` keeps what portals keep, in the registry's database or in another one, and takes the "
        "same options.",
        "The token verifiers `own` and `oidc` take what [How to let clients log in](../how-to/let-clients-log-in.md) "
        "tells; for `own` that is `issuer` and `audience` of its tokens, `key_file` in place of the one in the home "
        "directory, and `leeway_s`.",
        "The identity provider `keycloak` takes what [How to let clients log in]"
        "(../how-to/let-clients-log-in.md#keep-the-accounts-in-keycloak) tells; `own` takes no options.",
        "## `[thrift]`",
        keys(ThriftSettings),
        "`[thrift.listeners.NAME]`, where NAME is one of these:",
        keys(ListenersSettings),
        "has the keys",
        keys(ListenerSettings),
        f"The ports are {listening}. Internal services carry no tokens: they listen on loopback, or over TLS with a "
        "`peer_ca`.",
        "`[thrift.tls]`:",
        keys(TlsSettings),
        "`[thrift.limits]`:",
        keys(LimitsSettings),
        "## The home directory",
        f"`$AIRAVATA_WORKLOAD_HOME`, by default `{DEFAULT_HOME}`. It must be on a file system that keeps locks: a "
        "local disk. `airavata-workload doctor` looks whether it does.",
        _HOME,
        "## The file with its defaults",
        "`config/airavata-workload.toml`:",
        fenced("toml", project.shipped("airavata-workload.toml")),
    )
