"""Whether the files of the gateways' users are where the installation that takes over looks for them.

Files are not moved: there may be more of them than of everything else, and
records name those that experiments have left by their paths.
"""

from __future__ import annotations

from collections.abc import Iterator

from airavata_workload.domain.gateway_storage import GatewayStorage


def storage_advice(ours: GatewayStorage | None, theirs: GatewayStorage | None) -> Iterator[str]:
    """What the operator must do so that the users find their files again; nothing where both share the directory.

    Reads whether there are files at all. Both storages are as the settings have them; ``None`` is one that is not
    offered.
    """
    if ours is None or not _has_files(ours):
        return
    if theirs is None:
        yield (
            f"The gateways' users have files in {ours.root}, and the installation that takes over offers no storage: "
            f'set enabled = true, root = "{ours.root}" and public_host = "{ours.host_name}" under [storage] of its '
            "settings."
        )
        return
    if theirs.root != ours.root:
        yield (
            f"The gateways' users have files in {ours.root}, which are not moved, and the installation that takes over "
            f'looks for them in {theirs.root}. Set root = "{ours.root}" under [storage] of its settings; on other '
            "machines mount or copy the directory to the same path, by which records name what experiments have left."
        )
    if theirs.host_name != ours.host_name:
        yield (
            f"Records name the users' storage '{ours.host_name}', and the installation that takes over calls its own "
            f"'{theirs.host_name}'. Set public_host = \"{ours.host_name}\" under [storage] of its settings."
        )


def _has_files(storage: GatewayStorage) -> bool:
    """Whether any gateway has a directory; one that cannot be read may have."""
    try:
        return any(storage.root.iterdir())
    except FileNotFoundError:
        return False
    except OSError:
        return True
