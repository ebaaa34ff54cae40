"""Whose files a process makes."""

from __future__ import annotations

import os


def own_files_only() -> None:
    """Make every file that this process creates readable by its user alone."""
    os.umask(0o077)
