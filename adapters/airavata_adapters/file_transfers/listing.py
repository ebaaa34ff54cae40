"""Lists files on the far side with one command."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from airavata_adapters.file_transfers.failures import remote_failure
from airavata_adapters.file_transfers.file_patterns import check_patterns, select, shell_glob
from airavata_adapters.remote_shells.program import StreamingShell
from airavata_workload.ports.file_transfer import RemoteFile

# The shell expands the patterns, xargs keeps to the system's limit of arguments, find follows links and tells files
# from the rest. Where find has no -printf (BSD), a shell does its work, one wc a file.
_LIST = """\
LC_ALL=C; export LC_ALL
[ -d @DIRECTORY@ ] || exit 0
cd @DIRECTORY@ || exit
if find . -prune -printf '' 2>/dev/null
then list='find -L "$@" -prune -type f -printf "%s %p\\0" 2>/dev/null'
else list='for f; do [ -f "$f" ] && printf "%d %s\\0" "$(wc -c <"$f")" "$f"; done'
fi
printf '%s\\0' @GLOBS@ | xargs -0 sh -c "$list; true" sh
"""


def list_by_shell(shell: StreamingShell, directory: str, patterns: Sequence[str]) -> dict[str, list[RemoteFile]]:
    """For each pattern the files that match it. Raises ``CommandFailedError`` for a directory that cannot be read."""
    check_patterns(patterns)
    if not patterns:
        return {}
    globs = " ".join(dict.fromkeys(shell_glob(pattern) for pattern in patterns))
    result = shell.run(_LIST.replace("@DIRECTORY@", shlex.quote(directory)).replace("@GLOBS@", globs))
    if result.exit_code != 0:
        raise remote_failure(result.error_text, result.exit_code, directory, shell.where)
    found = {}
    for record in result.stdout.split(b"\0")[:-1]:
        size, _, path = record.partition(b" ./")
        name = path.decode("utf-8", "surrogateescape")
        found[name] = RemoteFile(path=name, size_bytes=int(size))
    return select(patterns, found.values())
