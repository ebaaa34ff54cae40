"""When the keys of a provider are fetched, for how long they are believed, and what happens while it is down."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from signed_tokens import SigningKey

from airavata_adapters.token_verifiers.provider_keys import KeySet, KeyTimes, ProviderKeys
from airavata_workload.domain.errors import UnavailableError

OLD, NEW = SigningKey("old"), SigningKey("new")
TIMES = KeyTimes(fresh_s=300, kept_s=3600, interval_s=10, wait_s=10)


class Site:
    """A provider, its keys as we hold them, and the clock."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.published = [OLD]
        self.down = False
        self.attempts = 0
        self.keys = ProviderKeys("https://issuer", fetch=self.fetch, times=TIMES, monotonic_s=lambda: self.now_s)

    def fetch(self) -> Any:
        self.attempts += 1
        if self.down:
            raise UnavailableError("The provider is down.")
        return {"keys": [key.published() for key in self.published]}

    def has(self, key: SigningKey) -> bool:
        return self.keys.find(key.kid, "ES256") is not None


@pytest.fixture
def site() -> Site:
    return Site()


def test_keys_are_fetched_once_as_long_as_they_are_fresh(site: Site) -> None:
    assert site.has(OLD)
    site.now_s += 299
    assert site.has(OLD)
    assert site.attempts == 1
    site.now_s += 2
    assert site.has(OLD)
    assert site.attempts == 2


def test_a_key_that_is_new_is_fetched_when_a_token_names_it(site: Site) -> None:
    assert site.has(OLD)
    site.published = [OLD, NEW]
    site.now_s += 11
    assert site.has(NEW)
    assert site.attempts == 2


def test_invented_key_ids_make_one_attempt_in_an_interval(site: Site) -> None:
    assert site.has(OLD)
    site.now_s += 11
    for number in range(50):
        assert not site.has(SigningKey(f"invented-{number}", OLD.private))
    assert site.attempts == 2
    assert site.has(OLD)


def test_a_withdrawn_key_is_believed_no_longer_than_keys_are_fresh(site: Site) -> None:
    assert site.has(OLD)
    site.published = [NEW]
    site.now_s += 301
    assert not site.has(OLD)


def test_keys_outlive_an_outage_of_the_provider_for_a_while(site: Site) -> None:
    assert site.has(OLD)
    site.down = True
    site.now_s += 3_500
    assert site.has(OLD)
    site.now_s += 101
    with pytest.raises(UnavailableError, match="The provider is down"):
        site.has(OLD)
    site.down = False
    with pytest.raises(UnavailableError):
        site.has(OLD)
    site.now_s += 11
    assert site.has(OLD)


def test_while_the_provider_is_down_it_is_asked_once_in_an_interval(site: Site) -> None:
    site.down = True
    for _ in range(5):
        with pytest.raises(UnavailableError):
            site.has(OLD)
    assert site.attempts == 1
    site.now_s += 11
    site.down = False
    assert site.has(OLD)


def test_calls_that_come_during_an_attempt_share_it(site: Site) -> None:
    asked, answer = threading.Event(), threading.Event()
    fetch = site.fetch

    def slow_fetch() -> Any:
        asked.set()
        assert answer.wait(10)
        return fetch()

    keys = ProviderKeys("https://issuer", fetch=slow_fetch, times=TIMES, monotonic_s=lambda: site.now_s)
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(keys.find("old", "ES256") is not None)) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert asked.wait(10)
    answer.set()
    for thread in threads:
        thread.join(10)
    assert found == [True] * 8
    assert site.attempts == 1


def test_nobody_waits_for_keys_that_are_old_but_usable(site: Site) -> None:
    asked, answer = threading.Event(), threading.Event()
    first: Callable[[], Any] = site.fetch
    slow = False

    def fetch() -> Any:
        if slow:
            asked.set()
            assert answer.wait(10)
        return first()

    keys = ProviderKeys("https://issuer", fetch=fetch, times=TIMES, monotonic_s=lambda: site.now_s)
    assert keys.find("old", "ES256") is not None
    slow = True
    site.now_s += 301
    thread = threading.Thread(target=keys.find, args=("old", "ES256"))
    thread.start()
    assert asked.wait(10)
    assert keys.find("old", "ES256") is not None, "this call did not wait for the answer"
    answer.set()
    thread.join(10)


@pytest.mark.parametrize("document", [None, [], {"keys": "abc"}, {"keys": None}, {}, 5])
def test_what_is_no_set_of_keys_is_an_outage(document: Any) -> None:
    with pytest.raises(UnavailableError, match="no list of keys"):
        KeySet(document)


def test_keys_that_cannot_be_used_are_passed_over() -> None:
    broken = [5, {}, {"kty": "EC"}, {"kty": "RSA", "kid": "old", "n": "?", "e": 5}, {"kty": ["EC"], "kid": "old"}]
    assert KeySet({"keys": broken}).find("old", "ES256") is None
    assert KeySet({"keys": broken}).find("old", "RS256") is None
    assert KeySet({"keys": [*broken, OLD.published()]}).find("old", "ES256") is not None


def test_two_keys_under_one_id_are_no_key() -> None:
    assert KeySet({"keys": [OLD.published(), NEW.published(kid="old")]}).find("old", "ES256") is None
