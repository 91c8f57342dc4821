from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.planning.account_identity import Contradiction, KnownAccount, Owner, identify_account, normalize_address

ANNE = KnownAccount(1, "anne@example.com", frozenset({"a-1", "a-2"}))
BEA = KnownAccount(2, "bea@example.com", frozenset({"b-1"}))
UNNAMED = KnownAccount(3, "", frozenset({"c-1"}))
EMPTY = KnownAccount(4, "dora@example.com", frozenset())
KNOWN = [ANNE, BEA, UNNAMED, EMPTY]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://localhost:8765/v1", "http://127.0.0.1:8765/v1"),
        ("http://LOCALHOST:8765/v1", "http://127.0.0.1:8765//v1"),
        ("http://127.1.2.3:8765", "http://[::1]:8765/v2"),
        ("http://[::ffff:127.0.0.1]:8765", "http://localhost.:8765"),
        ("https://API.smspartner.fr/v1", "https://api.smspartner.fr:443/v1/"),
        ("HTTPS://api.smspartner.fr./v1", "https://api.smspartner.fr"),
        ("http://127.0.0.1/v1", "http://127.0.0.1:80"),
        ("https://münchen.example/v1", "https://xn--mnchen-3ya.example/v1"),
        ("https://[2001:DB8:0:0::1]/v1", "https://[2001:db8::1]"),
    ],
)
def test_one_address_however_it_is_written(one: str, other: str) -> None:
    assert normalize_address(one) == normalize_address(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://api.smspartner.fr/v1", "https://api.mailpartner.fr/v1"),
        ("http://127.0.0.1:8765/v1", "http://127.0.0.1:8766/v1"),
        ("https://127.0.0.1:443/v1", "http://127.0.0.1:443/v1"),
        ("https://api.smspartner.fr/v1", "https://api.smspartner.fr:8443/v1"),
    ],
)
def test_another_address(one: str, other: str) -> None:
    assert normalize_address(one) != normalize_address(other)


@pytest.mark.parametrize(
    ("owner", "found"),
    [
        (Owner("anne@example.com", {"a-2", "a-9"}), ANNE), (Owner(" ANNE@Example.com", {"a-1"}), ANNE),
        (Owner("", {"b-1"}), BEA),
        (Owner("carl@example.com", {"c-1"}), UNNAMED),  # it was not named before
        (Owner("dora@example.com", {"d-1"}), EMPTY),  # no token can be compared
        (Owner("bea@example.com", ()), BEA),  # the same: it has no sub-account any more
        (Owner("emil@example.com", {"e-1"}), None), (Owner("", {"e-1"}), None), (Owner("", ()), None),
        # A name and tokens that disagree are no account.
        (Owner("anne@example.com", {"b-1"}), Contradiction("anne@example.com", "bea@example.com")),
        (Owner("emil@example.com", {"a-1"}), Contradiction("emil@example.com", "anne@example.com")),
        (Owner("anne@example.com", {"z-1"}), Contradiction("anne@example.com", None)),
        (Owner("", {"a-1", "b-1"}), Contradiction("anne@example.com", "bea@example.com")),
    ],
)  # fmt: skip
def test_tokens_tell_and_the_name_where_none_can_be_compared(owner: Owner, found: object) -> None:
    assert identify_account(owner, KNOWN) == found


TOKENS = st.frozensets(st.sampled_from(["a-1", "a-2", "b-1", "c-1", "z-1"]), max_size=3)


@given(st.sampled_from(["", "anne@example.com", "bea@example.com", "emil@example.com"]), TOKENS)
def test_whoever_is_taken_shares_a_token_or_could_not_be_compared(name: str, tokens: frozenset[str]) -> None:
    found = identify_account(Owner(name, tokens), KNOWN)
    if isinstance(found, KnownAccount):
        assert found.tokens & tokens or (name == found.name and not (found.tokens and tokens))
        assert not any(other.tokens & tokens for other in KNOWN if other != found)
