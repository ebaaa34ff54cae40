"""X.509 certificates, as far as the credential store looks at them."""

from __future__ import annotations

from dataclasses import dataclass

from airavata_workload.domain.errors import InputError

MAX_CHARACTERS = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate in PEM form; instants in ISO 8601, UTC."""

    pem: str
    not_before: str
    not_after: str
    life_time_s: int

    @classmethod
    def read(cls, text: str) -> Certificate:
        """The first certificate of a text. Raises ``InputError`` if there is none."""
        from cryptography.x509 import load_pem_x509_certificate  # takes longer to import than most calls take

        try:
            certificate = load_pem_x509_certificate(text[:MAX_CHARACTERS].encode())
        except ValueError as error:
            raise InputError("x509Cert holds no certificate.", remedy="Give one in PEM form.") from error
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        return cls(
            pem=text,
            not_before=begin.isoformat(),
            not_after=end.isoformat(),
            life_time_s=int((end - begin).total_seconds()),
        )
