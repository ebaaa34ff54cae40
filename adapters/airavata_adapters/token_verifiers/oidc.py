"""Access tokens of OpenID Connect providers, for example Keycloak.

Source: OpenID Connect Discovery 1.0, section 4; RFC 9068 (JWT profile for
access tokens); Keycloak 26, "Server Administration Guide", for its claims.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airavata_adapters.token_verifiers.json_over_http import fetch_json, trusting
from airavata_adapters.token_verifiers.oidc_options import OidcOptions, options_of
from airavata_adapters.token_verifiers.provider_keys import KeyTimes, ProviderKeys
from airavata_adapters.token_verifiers.signed_claims import unverified_header, verified_claims
from airavata_workload.domain.access_token import Identity, checked_name, stated_issuer
from airavata_workload.domain.clock import MICROSECONDS_PER_SECOND
from airavata_workload.domain.errors import AuthenticationError, UnavailableError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.token_verifier import TokenVerifier

DISCOVERY_PATH = "/.well-known/openid-configuration"
_ACCESS_TOKEN_KINDS = ("Bearer", "at+jwt")
_SERVICE_ACCOUNT = "service-account-"

Fetch = Callable[[str], Any]
"""The JSON document at a URL. Raises ``UnavailableError``."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """Finds the keys of an issuer by the document that it publishes about itself."""

    issuer: str
    fetch: Fetch

    def __call__(self) -> Any:
        """The document of the keys. Raises ``UnavailableError``."""
        url = self.issuer.rstrip("/") + DISCOVERY_PATH
        about = self.fetch(url)
        if not isinstance(about, Mapping) or about.get("issuer") != self.issuer:
            raise UnavailableError(
                f"{url} is not about {self.issuer}.",
                remedy="Write the issuer in option 'issuers' exactly as that document does.",
            )
        keys_url = about.get("jwks_uri")
        if not isinstance(keys_url, str):
            raise UnavailableError(f"{url} does not say where the keys are.", remedy="Check the provider.")
        return self.fetch(keys_url)


class OidcTokens(TokenVerifier):
    """Verifies the tokens of the providers in the options."""

    def __init__(self, options: OidcOptions, *, fetch: Fetch) -> None:
        self._options = options
        times = KeyTimes(
            fresh_s=options.keys_fresh_s,
            kept_s=options.keys_kept_s,
            interval_s=options.keys_interval_s,
            # An attempt fetches two documents.
            wait_s=2 * options.request_time_limit_s,
        )
        self._keys = {
            issuer: ProviderKeys(issuer, fetch=Discovery(issuer, fetch), times=times) for issuer in options.issuers
        }

    def recognises(self, token: Secret) -> bool:
        """As ``TokenVerifier.recognises``: by the issuer."""
        return stated_issuer(token) in self._keys

    def verify(self, token: Secret) -> Identity:
        """As ``TokenVerifier.verify``."""
        issuer = stated_issuer(token) or ""
        if issuer not in self._keys:
            raise AuthenticationError("The access token is not from a provider that is trusted here.")
        algorithm, key = self._key(issuer, unverified_header(token))
        claims = verified_claims(
            token,
            key,
            algorithm=algorithm,
            issuer=issuer,
            audience=self._options.audience,
            leeway_s=self._options.leeway_s,
        )
        return self._identity(issuer, claims)

    def close(self) -> None:
        """Nothing stays open between two calls."""

    def _key(self, issuer: str, header: Mapping[str, Any]) -> tuple[str, Any]:
        """The algorithm, if it is an accepted one, and the published key for it that the header names."""
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in self._options.algorithms:
            raise AuthenticationError(
                "The access token is signed by an algorithm that is not accepted.",
                remedy=f"Accepted are {', '.join(sorted(self._options.algorithms))}.",
            )
        key = self._keys[issuer].find(kid if isinstance(kid, str) else None, algorithm)
        if key is None:
            raise AuthenticationError(
                f"The access token is signed with a key that {issuer} does not publish for that algorithm.",
                remedy="Get a new one: log in again.",
            )
        return algorithm, key

    def _identity(self, issuer: str, claims: Mapping[str, Any]) -> Identity:
        # Keycloak says in 'typ' what a token is; its ID token has the same signature, and often the same audience.
        if claims.get("typ", _ACCESS_TOKEN_KINDS[0]) not in _ACCESS_TOKEN_KINDS:
            raise AuthenticationError("This is a token, but no access token.", remedy="Send the access token.")
        options = self._options
        user = checked_name(claims.get(options.user_claim), f"The claim '{options.user_claim}' of the access token")
        client = str(claims.get("azp", ""))
        # Portals act by a service account under the name of their client, whose user Keycloak calls service-account-...
        is_service = client != "" and user == _SERVICE_ACCOUNT + client.lower()
        words = _words(claims, options.roles_claim)
        return Identity(
            gateway=options.issuers[issuer]
            or checked_name(
                claims.get(options.gateway_claim), f"The claim '{options.gateway_claim}' of the access token"
            ),
            user=user,
            roles=frozenset(role for role, given_by in options.roles.items() if not given_by.isdisjoint(words)),
            expires_at_us=int(claims["exp"]) * MICROSECONDS_PER_SECOND,
            token_id=str(claims.get("jti", "")),
            also_called=frozenset({client}) if is_service else frozenset(),
        )


def _words(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    """The texts at a claim, a list or one text with blanks between them; nothing if it is not there.

    A claim may have dots in its own name, as those that are URLs.
    """
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        found = found.split()
    return frozenset(word for word in found if isinstance(word, str)) if isinstance(found, list) else frozenset()


def open_token_verifier(context: BackingContext) -> TokenVerifier:
    """Entry point ``oidc``; see ``OidcOptions``. No provider is asked before the first token comes."""
    options = options_of(context)
    tls = trusting(options.ca_file)
    return OidcTokens(
        options, fetch=lambda url: fetch_json(url, time_limit_s=options.request_time_limit_s, context=tls)
    )
