"""The keys that an OpenID Connect provider publishes, kept between calls.

The rule: keys are fetched when the first token needs them, and again when a
token comes after they have become old (``fresh_s``) or names a key that is not
among them. There is at most one attempt in ``interval_s``, so that nobody can
make us besiege the provider with invented key ids. While an attempt fails, the
keys of the last good one go on being used until ``kept_s`` have passed since;
after that no token is accepted, because a key that was withdrawn since would
still be believed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
import structlog

from airavata_workload.domain.errors import UnavailableError

_MAX_KEYS = 100
_FAMILIES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""The kind of key (``kty``) by the beginning of an algorithm's name. Source: RFC 7518, section 3.1; RFC 8037."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTimes:
    """How long published keys are good, in seconds; see the module's text."""

    fresh_s: float
    kept_s: float
    interval_s: float
    wait_s: float
    """How long a call waits for the attempt of another."""


class KeySet:
    """The signature keys of one document (JWKS; Source: RFC 7517)."""

    def __init__(self, document: Any) -> None:
        """Raises ``UnavailableError`` if it is no such document."""
        found = document.get("keys") if isinstance(document, Mapping) else None
        if not isinstance(found, Sequence) or isinstance(found, str):
            raise UnavailableError("What the provider gives for its keys holds no list of keys.")
        self._published = [key for key in found[:_MAX_KEYS] if isinstance(key, Mapping) and _is_for_signatures(key)]
        self._opened: dict[tuple[str | None, str], jwt.PyJWK] = {}

    def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """The key of that id for that algorithm. Without an id: the only one there is for it."""
        known = self._opened.get((kid, algorithm))
        if known is not None:
            return known
        fitting = [key for key in self._published if _fits(key, kid, algorithm)]
        found = _opened(fitting[0], algorithm) if len(fitting) == 1 else None
        if found is not None:  # what is not there is not remembered: the ids that strangers invent have no end
            self._opened[kid, algorithm] = found
        return found


def _is_for_signatures(key: Mapping[str, Any]) -> bool:
    return key.get("kty") in _FAMILIES.values() and key.get("use", "sig") == "sig"


def _fits(key: Mapping[str, Any], kid: str | None, algorithm: str) -> bool:
    return (
        (kid is None or key.get("kid") == kid)
        and key["kty"] == _FAMILIES.get(algorithm[:2])
        and key.get("alg", algorithm) == algorithm
    )


def _opened(key: Mapping[str, Any], algorithm: str) -> jwt.PyJWK | None:
    """None for a key whose numbers are none, or of a curve that the algorithm is not for."""
    try:
        return jwt.PyJWK.from_dict(dict(key), algorithm=algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


class ProviderKeys:
    """The keys of one issuer. ``fetch`` gets their document, or raises ``UnavailableError``."""

    def __init__(
        self,
        issuer: str,
        *,
        fetch: Callable[[], Any],
        times: KeyTimes,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._times = times
        self._now_s = monotonic_s
        self._attempt = threading.Lock()
        self._keys: KeySet | None = None
        self._fetched_at_s = 0.0
        self._attempts = 0
        self._attempted_at_s = 0.0
        self._failure = ""

    def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """The published key; None if there is none. Raises ``UnavailableError`` if that cannot be known now."""
        keys = self._usable()
        found = keys.find(kid, algorithm)
        if found is None and self._renewed():
            found = self._usable().find(kid, algorithm)
        return found

    def _usable(self) -> KeySet:
        keys, age_s = self._held()
        if keys is None or age_s >= self._times.kept_s:
            self._renewed()
            keys, age_s = self._held()
        elif age_s >= self._times.fresh_s:
            self._renewed(wait_s=0.0)  # one call tries; the others go on with the old keys
            keys, age_s = self._held()
        if keys is None or age_s >= self._times.kept_s:
            raise UnavailableError(
                f"The keys of {self._issuer} cannot be had: {self._failure or 'another call is still trying.'}",
                remedy="Try again in a while; tokens of that provider cannot be checked until then.",
            )
        return keys

    def _held(self) -> tuple[KeySet | None, float]:
        """The keys of the last good attempt, and for how many seconds we have had them."""
        return self._keys, self._now_s() - self._fetched_at_s

    def _renewed(self, *, wait_s: float | None = None) -> bool:
        """Whether the keys are newer than when this was called, by our own attempt or by another call's."""
        before = self._attempts
        if not self._attempt.acquire(timeout=self._times.wait_s if wait_s is None else wait_s):
            return False
        try:
            if self._attempts != before:
                return not self._failure
            if self._attempts and self._now_s() - self._attempted_at_s < self._times.interval_s:
                return False
            return self._try()
        finally:
            self._attempt.release()

    def _try(self) -> bool:
        try:
            keys = KeySet(self._fetch())
        except UnavailableError as error:
            self._failure = str(error)
            log = structlog.get_logger("airavata_adapters")
            log.warning("the keys of a provider cannot be fetched", issuer=self._issuer, reason=self._failure)
        else:
            # Seen by other threads in this order, so that nobody takes old keys for fresh ones.
            self._keys = keys
            self._fetched_at_s = self._now_s()
            self._failure = ""
        self._attempts += 1
        self._attempted_at_s = self._now_s()
        return not self._failure
