"""The page of the entry points."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from airavata_workload import plugins
from airavata_workload.ports import (
    account_provisioner,
    api_server,
    backing,
    batch_system,
    credential_store,
    event_bus,
    file_transfer,
    graph_store,
    identity_provider,
    record_store,
    recovery_nodes,
    registry,
    remote_shell,
    store_schema,
    task_plugin,
    task_queue,
    token_verifier,
    validation,
)
from reference_pages import project
from reference_pages.markdown import code, document, paragraphs, prose, table

_BACKING = f"a function of one {code('BackingContext')} that returns the port"

FACTORIES: dict[str, tuple[type[Any], str]] = {
    "tasks": (task_plugin.TaskPlugin, "the class; made without arguments, once a worker"),
    "batch_systems": (batch_system.BatchSystem, f"the class; made with the {code('Cluster')}"),
    "remote_shells": (
        remote_shell.RemoteShellFactory,
        f"the factory; made without arguments, its {code('open')} gets the {code('Cluster')} and the credential store",
    ),
    "file_transfers": (
        file_transfer.FileTransferFactory,
        f"the factory; made without arguments, its {code('open')} gets the {code('Cluster')} and the remote shell",
    ),
    "graph_stores": (graph_store.GraphStore, _BACKING),
    "task_queues": (task_queue.TaskQueue, _BACKING),
    "recovery_nodes": (recovery_nodes.RecoveryNodes, _BACKING),
    "registries": (registry.Registry, _BACKING),
    "store_schemas": (
        store_schema.StoreSchema,
        f"{_BACKING}; under the name of the registry whose tables it is about, if that has any to bring up to date",
    ),
    "record_stores": (record_store.RecordStore, _BACKING),
    "record_store_schemas": (
        store_schema.StoreSchema,
        f"{_BACKING}; under the name of the record store whose tables it is about",
    ),
    "event_buses": (event_bus.EventBus, _BACKING),
    "credential_stores": (credential_store.CredentialStore, _BACKING),
    "token_verifiers": (token_verifier.TokenVerifier, f"{_BACKING}; several may be in use at once"),
    "identity_providers": (
        identity_provider.IdentityProvider,
        f"a function of one {code('IdentityProviderContext')} that returns the port",
    ),
    "api_servers": (
        api_server.ApiServer,
        f"a function of one {code('ApiServerContext')} that returns the port",
    ),
    "account_provisioners": (
        account_provisioner.AccountProvisioner,
        "the class; made with its parameters and the machine",
    ),
    "placements": (validation.Placement, "the class; made without arguments"),
    "validators": (validation.Validator, "the class; made without arguments"),
}

_INTRODUCTION = """
Everything that can be exchanged is registered as an entry point, by this distribution and by anybody's. A plugin that
cannot be loaded is an error as soon as somebody asks for it; a name that two distributions register is an error that
names both. `airavata-workload plugins list` shows what is installed, and why something is broken.

The port is the contract ([Ports](ports.md)); the conformance suite checks that a plugin keeps it.
"""


def page() -> str:
    """The page."""
    if tuple(FACTORIES) != plugins.NAMESPACES:
        raise AssertionError("docs/reference_pages/entry_points.py does not describe exactly the namespaces there are")
    suites = _suites()
    rows = []
    for namespace, (port, given) in FACTORIES.items():
        names = ", ".join(code(name) for name in project.entry_points(namespace))
        link = f"[`{port.__name__}`](ports.md#{port.__name__.lower()})"
        rows.append((code(project.PREFIX + namespace), link, given, names, suites.get(namespace, "")))
    return document(
        "Entry points",
        "`airavata_workload/plugins.py`, `setup.cfg` and the ports",
        _INTRODUCTION,
        table(("namespace", "port", "what is registered", "ours", "conformance suite"), rows),
        "## `BackingContext`",
        paragraphs(inspect.getdoc(backing.BackingContext)),
        "## Conformance suites",
        "In `airavata_workload.testing`; they need the extra `testing` (`pip install 'airavata-workload[testing]'`).",
        table(("module", "what it is"), _suite_modules()),
    )


_SUITES = {
    "tasks": "task_plugin_suite",
    "batch_systems": "batch_system_suite",
    "remote_shells": "remote_shell_suite",
    "file_transfers": "file_transfer_suite",
    "graph_stores": "graph_store_suite",
    "task_queues": "task_queue_suite",
    "recovery_nodes": "recovery_nodes_suite",
    "registries": "registry_suite",
    "record_stores": "record_store_suite",
    "event_buses": "event_bus_suite",
    "credential_stores": "credential_store_suite",
    "identity_providers": "identity_provider_suite",
}


def _suites() -> dict[str, str]:
    found = {}
    for namespace, module in _SUITES.items():
        classes = [
            node.name
            for node in project.tree(project.ROOT / "airavata_workload" / "testing" / f"{module}.py").body
            if isinstance(node, ast.ClassDef) and node.name.endswith("Suite")
        ]
        found[namespace] = ", ".join(code(name) for name in classes)
    return found


def _suite_modules() -> list[tuple[str, str]]:
    folder = project.ROOT / "airavata_workload" / "testing"
    rows = []
    for module in _SUITES.values():
        docstring = ast.get_docstring(project.tree(folder / f"{module}.py")) or ""
        rows.append((code(module), prose(docstring.split("\n\n", 1)[0])))
    return rows
