"""Finds plugins and adapters by entry point, through stevedore.

stevedore by default logs a plugin that fails to load and lets the last of two
equal names win. Here a broken plugin is an error the moment somebody asks for
it, with the reason, and two registrations of one name are an error that names
both distributions (Source: stevedore 5.10, ``stevedore.extension``).
"""

from __future__ import annotations

import importlib.metadata
import threading
from dataclasses import dataclass, replace
from typing import Any

from stevedore.named import NamedExtensionManager

from airavata_workload.domain.dag import nearest
from airavata_workload.domain.errors import DuplicatePluginError, NotFoundError, PluginLoadError

NAMESPACES = (
    "tasks",
    "batch_systems",
    "remote_shells",
    "file_transfers",
    "graph_stores",
    "task_queues",
    "recovery_nodes",
    "registries",
    "store_schemas",
    "record_stores",
    "record_store_schemas",
    "event_buses",
    "credential_stores",
    "token_verifiers",
    "identity_providers",
    "api_servers",
    "account_provisioners",
    "placements",
    "validators",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One entry point: what it is called, what it points to, and why it cannot be loaded, if it cannot."""

    namespace: str
    name: str
    target: str
    plugin: Any = None
    error: str = ""

    @property
    def distribution(self) -> str:
        """Name of the distribution that registers it; looked up only when asked for, since that reads all metadata."""
        return self._owner()[0]

    @property
    def version(self) -> str:
        """Version of that distribution."""
        return self._owner()[1]

    def _owner(self) -> tuple[str, str]:
        group = f"airavata_workload.{self.namespace}"
        for distribution in importlib.metadata.distributions():
            for point in distribution.entry_points:
                if (point.group, point.name, point.value) == (group, self.name, self.target):
                    return distribution.metadata["Name"], distribution.version
        return "unknown distribution", ""


class PluginCatalogue:
    """All registrations of one namespace, loaded when they are first asked for."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self._lock = threading.Lock()
        self._loaded: dict[str, list[Registration]] = {}

    def names(self) -> list[str]:
        """All registered names, sorted."""
        return sorted(set(self._manager(()).entry_points_names()))

    def load(self, name: str) -> Any:
        """The plugin of that name.

        Raises ``NotFoundError`` (with the nearest name), ``DuplicatePluginError``
        or ``PluginLoadError``.
        """
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = self._load(name)
        found = self._loaded[name]
        if not found:
            close = nearest(name, tuple(self.names()))
            hint = f" Did you mean '{close}'?" if close else ""
            raise NotFoundError(
                f"There is no {self._what(name)}.{hint}",
                remedy=f"Registered are: {', '.join(self.names()) or 'none'}.",
            )
        if len(found) > 1:
            both = " and ".join(f"{one.distribution} {one.version}" for one in found)
            raise DuplicatePluginError(
                f"{self._what(name)} is registered twice, by {both}.", remedy="Uninstall one of the two."
            )
        if found[0].error:
            raise PluginLoadError(
                f"{self._what(name)} of {found[0].distribution} {found[0].version} cannot be loaded: {found[0].error}",
                remedy="Mend or uninstall that distribution; 'airavata-workload plugins list' shows all plugins.",
            )
        return found[0].plugin

    def registrations(self) -> list[Registration]:
        """Every registration, the broken ones with their reason. Two of one name are both listed, both as errors."""
        result: list[Registration] = []
        for name in self.names():
            with self._lock:
                if name not in self._loaded:
                    self._loaded[name] = self._load(name)
            found = self._loaded[name]
            if len(found) > 1:
                both = " and ".join(one.distribution for one in found)
                found = [replace(one, plugin=None, error=f"registered twice, by {both}") for one in found]
            result += found
        return result

    def _load(self, name: str) -> list[Registration]:
        """Every registration of the name; more than one is a conflict."""
        broken: list[tuple[importlib.metadata.EntryPoint, BaseException]] = []
        manager = self._manager((name,), lambda _manager, point, error: broken.append((point, error)))
        found = [self._describe(one.entry_point, plugin=one.plugin) for one in manager.extensions]
        found += [self._describe(point, error=f"{type(error).__name__}: {error}") for point, error in broken]
        return found

    def _manager(self, names: tuple[str, ...], on_failure: Any = None) -> Any:
        return NamedExtensionManager(
            f"airavata_workload.{self.namespace}",
            names=names,
            on_load_failure_callback=on_failure,
            on_missing_entrypoints_callback=None,
        )

    def _describe(self, point: importlib.metadata.EntryPoint, *, plugin: Any = None, error: str = "") -> Registration:
        return Registration(
            namespace=self.namespace,
            name=point.name,
            target=point.value,
            plugin=plugin,
            error=error,
        )

    def _what(self, name: str) -> str:
        singular = {"registries": "registry", "event_buses": "event bus", "recovery_nodes": "recovery nodes"}
        return f"{singular.get(self.namespace, self.namespace.removesuffix('s')).replace('_', ' ')} plugin '{name}'"


_catalogues: dict[str, PluginCatalogue] = {}


def catalogue(namespace: str) -> PluginCatalogue:
    """The one catalogue of a namespace, for example ``tasks``."""
    return _catalogues.setdefault(namespace, PluginCatalogue(namespace))
