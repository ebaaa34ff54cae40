"""Who runs this process."""

from __future__ import annotations

import getpass
import os


def login_name() -> str:
    """The login name or, where the user id has none (some containers), the user id."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # Python 3.13 raises OSError, earlier ones KeyError
        return str(os.getuid())
