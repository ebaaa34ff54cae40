"""The verifiers of access tokens that the settings name, and the one among them that issues tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airavata_workload.domain.errors import SettingsError
from airavata_workload.plugins import catalogue
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.token_verifier import TokenIssuer, TokenVerifier
from airavata_workload.settings import Settings


def open_verifiers(
    settings: Settings, context_with: Callable[[Mapping[str, Any]], BackingContext]
) -> list[TokenVerifier]:
    """Who verifies tokens, in the order of the settings; ``context_with`` makes a context of options.

    Raises ``SettingsError`` for options of one that is not chosen.
    """
    factories = {name: catalogue("token_verifiers").load(name) for name in settings.token_verifiers}
    given = settings.options.token_verifiers
    for name in given:
        if name not in factories:
            raise SettingsError(
                f"[options.token_verifiers.{name}] is there, and '{name}' is not among token_verifiers.",
                key="token_verifiers",
                remedy="Add it there, or take out the table.",
            )
    return [factory(context_with(given.get(name, {}))) for name, factory in factories.items()]


def issuer_among(verifiers: Sequence[TokenVerifier]) -> TokenIssuer:
    """Who makes this installation's own tokens. Raises ``SettingsError`` if nobody does."""
    for verifier in verifiers:
        if isinstance(verifier, TokenIssuer):
            return verifier
    raise SettingsError(
        "This installation issues no tokens of its own.",
        key="token_verifiers",
        remedy='Add "own" to the setting token_verifiers.',
    )
