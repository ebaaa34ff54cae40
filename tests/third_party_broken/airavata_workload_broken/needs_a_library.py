"""Fails where such plugins fail: at the import of a library that its distribution forgot to ask for."""

from __future__ import annotations

import a_library_that_nobody_has  # type: ignore[import-not-found]


class NeedsALibrary(a_library_that_nobody_has.Base):  # type: ignore[misc]
    """Never comes to be."""
