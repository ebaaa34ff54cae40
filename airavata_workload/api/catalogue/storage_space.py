"""How full the file systems of compute and storage resources are, asked on the machines themselves."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Callable
from pathlib import PurePosixPath

from airavata_workload.api.access.permission import missing
from airavata_workload.api.machines.cluster_name import ClusterName
from airavata_workload.api.profiles.group_profiles import GroupProfiles
from airavata_workload.api.request_check import given
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import DeniedError, InputError, UnavailableError
from airavata_workload.domain.gateway_storage import GatewayStorage
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.ports.remote_shell import RemoteShell
from airavata_workload.records.gateway_profiles import GatewayResourceProfile
from airavata_workload.records.storage_resources import StorageDirectoryInfo, StorageVolumeInfo

_BLOCK_BYTES = 1024
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


class StorageSpace:
    """Asks a machine, as the caller's resource profiles let them use it.

    ``cluster`` and ``shell`` give the description of a machine by its name and
    a shell there. A location that is not absolute is below the directory that
    the profile names; who is no administrator sees nothing outside of it. Of
    ``own_storage``, which is on this machine and holds the directories of all
    gateways, an administrator sees the gateway's, everybody else their own.
    Raises ``NotFoundError`` for a resource that no profile of the caller's
    names, ``DeniedError``, ``InputError``, and ``UnavailableError`` when the
    machine does not answer.
    """

    def __init__(
        self,
        *,
        records: RecordStore,
        group_profiles: GroupProfiles,
        cluster: Callable[[str], Cluster],
        shell: Callable[[str], RemoteShell],
        own_storage: GatewayStorage | None = None,
    ) -> None:
        self._records = records
        self._own_storage = own_storage
        self._group_profiles = group_profiles
        self._cluster = cluster
        self._shell = shell

    def volume(self, caller: Caller, resource_id: str, location: str | None = None) -> StorageVolumeInfo:
        """How full the file system is that holds the location."""
        name, directory = self._place(caller, resource_id, location)
        quoted = shlex.quote(directory)
        script = f"df -Pk -- {quoted} && {{ stat -f -c %T -- {quoted} 2>/dev/null || true; }}"
        return parsed_volume(self._answer(name, script, directory))

    def directory(self, caller: Caller, resource_id: str, location: str | None = None) -> StorageDirectoryInfo:
        """How much a directory holds, with all that is in it."""
        name, directory = self._place(caller, resource_id, location)
        size = parsed_usage(self._answer(name, f"du -sk -- {shlex.quote(directory)}", directory))
        return StorageDirectoryInfo(total_size=readable(size), total_size_bytes=size)

    def _answer(self, name: str, script: str, directory: str) -> str:
        result = self._shell(name).run(script)
        if not result.text.strip():
            said = result.error_text.splitlines()[-1:] or ["it said nothing"]
            raise InputError(f"{directory} cannot be looked at: {said[0]}.", remedy="Check the location.")
        return result.text

    def _place(self, caller: Caller, resource_id: str, location: str | None) -> tuple[str, str]:
        name = str(self._name(caller, given(resource_id, "resource_id")))
        root = self._cluster(name).scratch_directory
        path = posixpath.normpath(posixpath.join(root, (location or "").strip()))
        if "\0" in path or ".." in PurePosixPath(location or "").parts:
            raise InputError(f"location is {location!r}.", remedy="Give a path without '..'.")
        limit = self._limit(caller, resource_id, root) if location else ""
        if limit and not PurePosixPath(path).is_relative_to(limit):
            raise DeniedError(
                f"User '{caller.user}' may not look at {path}.", remedy=f"Give a location below {limit}, or none."
            )
        return name, path

    def _limit(self, caller: Caller, resource_id: str, root: str) -> str:
        """The directory below which the caller's locations are; '' for anywhere on the machine."""
        own = self._own_storage
        if own is None or own.resource_id != resource_id:
            return "" if caller.sees_everything else root
        return root if caller.sees_everything else str(own.user_directory(caller.gateway, caller.user))

    def _name(self, caller: Caller, resource_id: str) -> ClusterName:
        """The gateway's own use of the resource, or that of the first group profile that the caller may use."""
        with self._records.reading() as records:
            own = records.get(GatewayResourceProfile, caller.gateway) if caller.gateway else None
        if own is not None:
            compute = {each.compute_resource_id for each in own.compute_resource_preferences or ()}
            if resource_id in compute | {each.storage_resource_id for each in own.storage_preferences or ()}:
                return ClusterName(resource=resource_id, gateway=caller.gateway)
        for profile in self._group_profiles.accessible(caller, caller.gateway):
            if any(each.compute_resource_id == resource_id for each in profile.compute_preferences or ()):
                return ClusterName(
                    resource=resource_id, gateway=profile.gateway_id, group=profile.group_resource_profile_id
                )
        raise missing(f"resource '{resource_id}' in a resource profile that you may use")


def parsed_volume(text: str) -> StorageVolumeInfo:
    """What ``df -Pk`` printed, then the file system's type if it is known.

    Source: POSIX.1-2017, df: name, size, used, available (units of 1024 bytes), capacity, mount point.
    """
    lines = text.splitlines()
    words = lines[1].split(None, 5) if len(lines) > 1 else []
    if len(words) < 6 or not all(word.isdigit() for word in words[1:4]):
        raise UnavailableError("The machine's df does not answer as POSIX says.", remedy="Look at it on the machine.")
    total, used, available = (int(word) * _BLOCK_BYTES for word in words[1:4])
    return StorageVolumeInfo(
        total_size=readable(total),
        used_size=readable(used),
        available_size=readable(available),
        total_size_bytes=total,
        used_size_bytes=used,
        available_size_bytes=available,
        percentage_used=round(100 * used / total, 2) if total else 0.0,
        mount_point=words[5],
        filesystem_type=lines[2].strip() or None if len(lines) > 2 else None,
    )


def parsed_usage(text: str) -> int:
    """The bytes in what ``du -sk`` printed. Source: POSIX.1-2017, du: units of 1024 bytes, a blank, the name."""
    words = text.split(None, 1)
    if not words or not words[0].isdigit():
        raise UnavailableError("The machine's du does not answer as POSIX says.", remedy="Look at it on the machine.")
    return int(words[0]) * _BLOCK_BYTES


def readable(size_bytes: int) -> str:
    """A size for people to read, as ``1.5 GiB``."""
    size = float(size_bytes)
    for unit in _UNITS:
        if size < 1024 or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("the last unit takes every size")
