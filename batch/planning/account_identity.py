"""Whose credit it is: an account's address in normal form, which known account a new key belongs to, and who holds it.

An account is where its API is (scheme, host and port) and who owns it; every key that it was used with names it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a key belongs to, as the provider says: the user's name (may be empty) and the tokens of its list."""

    name: str
    tokens: Collection[str]


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account of the ledger at the address in question. `tokens` are those that it was seen to have."""

    id: int
    name: str
    tokens: frozenset[str]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The name and the tokens speak of two accounts. `by_tokens` is None where they speak of none that is known."""

    by_name: str
    by_tokens: str | None


def normalize_address(url: str) -> str:
    """Return scheme, host and port in the one form that all spellings share; this machine has one name, `localhost`.

    The path is left out: another version of the API moves the same credit.
    """
    parts = urlsplit(url)
    host = _normalize_host(parts.hostname or "")
    port = parts.port or _PORTS.get(parts.scheme, 0)
    return f"{parts.scheme}://{host}:{port}"


def _normalize_host(host: str) -> str:
    name = host.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return _encode_ascii(name)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    if address.is_loopback:
        return "localhost"
    return f"[{address.compressed}]" if address.version == 6 else address.compressed


def _encode_ascii(name: str) -> str:
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def identify_account(owner: Owner, known: Sequence[KnownAccount]) -> KnownAccount | Contradiction | None:
    """Tell which known account at the address a new key belongs to; None for an account that is new.

    A token belongs to one account for ever, so tokens tell. The name tells where none can be compared, and must never
    say otherwise: of two accounts that both could be meant, none is taken.
    """
    named = [account for account in known if owner.name and _is_same(account.name, owner.name)]
    sharing = [account for account in known if not account.tokens.isdisjoint(owner.tokens)]
    if len(sharing) > 1:
        return Contradiction(sharing[0].name, sharing[1].name)
    if sharing:
        found = sharing[0]
        is_another = bool(owner.name and found.name and not _is_same(found.name, owner.name))
        return Contradiction(owner.name, found.name) if is_another else found
    if any(account.tokens and owner.tokens for account in named):
        return Contradiction(owner.name, None)
    return named[0] if named else None


def normalize_name(name: str) -> str:
    """Return an owner's name in the one form that its spellings share."""
    return name.strip().casefold()


def _is_same(one: str, other: str) -> bool:
    return normalize_name(one) == normalize_name(other)


LEASE = timedelta(minutes=15)  # longer than any wait of a run, each of which ends in a renewal
PROOF_SECONDS = 2.0
"""A commit proves that the account is held. So long after one nothing is sent before that is proved again: the process
may have slept, and another have taken over meanwhile.
"""


class Sight(StrEnum):
    """What can be seen from here of the process that made a claim."""

    PROCESS = "process"  # it is, or was, one of the processes that are counted here
    OVER = "over"  # the system that counted it has ended, and all its processes with it
    NOTHING = "nothing"  # it is on another machine or in another container: only time tells


def tell_sight(*, same_machine: bool, same_boot: bool, is_local: bool) -> Sight:
    """Tell what can be seen of another's process.

    `is_local` says that whoever opens the ledger runs on one kernel, as SQLite's shared memory asks for: then another
    boot of this machine is one that is over. A server's ledger is also reached by a copy of this machine that was made
    with its name in it, and runs: there another boot tells nothing.
    """
    if not same_machine:
        return Sight.NOTHING
    if same_boot:
        return Sight.PROCESS
    return Sight.OVER if is_local else Sight.NOTHING


def may_take_lease(*, is_alive: bool | None, until: datetime, now: datetime) -> bool:
    """Tell whether another's lease may be taken. `is_alive` is None where nobody here can tell."""
    return now > until if is_alive is None else not is_alive
