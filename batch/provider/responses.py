"""Understanding the provider's answers (API.md), JSON and XML. An answer that contradicts itself is not understood.

Every money figure becomes a `Decimal` straight from the text. The sub-accounts' own keys are dropped here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from batch.model import SubAccount
from batch.money import CURRENCY, MAX_DIGITS, round_balance
from batch.notes import (
    Answer,
    Applied,
    Doubt,
    Exchange,
    NoAnswer,
    NotApplied,
    Note,
    NotSent,
    Outcome,
    Refused,
    Throttled,
    Unproven,
    make_note,
    tell,
)
from batch.provider import codes

MAX_WORDS = 1000
"""Characters of a server's message that are kept."""
_LARGEST_WHOLE = 10**9
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
# No database and no file takes half a character or a NUL.
_UNSTORABLE = re.compile("[\ud800-\udfff\0]")


class NotUnderstoodError(Exception):
    """The answer is not one that the API gives; the note says why."""

    def __init__(self, why: Note) -> None:
        super().__init__(tell(why))
        self.note = why


class ContradictionError(NotUnderstoodError):
    """The answer says that it was done and that it was not. Whatever its HTTP status, nothing follows from it."""


@dataclass(frozen=True, slots=True)
class Success:
    """A well-formed `success: true`, with the fields or entries that came with it."""

    fields: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class MainAccount:
    """The answer to `/me`: who the key belongs to, and its balance."""

    name: str
    balance: Decimal


def judge_exchange(exchange: Exchange) -> Outcome:
    """Judge what an exchange says of its movement: DESIGN's table, as far as it is about decoding."""
    match exchange:
        case NotSent(reason):
            return NotApplied(reason)
        case NoAnswer(reason):
            return Doubt(reason)
        case Answer():
            return _judge_answer(exchange)


def _judge_answer(answer: Answer) -> Outcome:
    if answer.status < 200 or 300 <= answer.status < 400 or answer.status >= 500:
        return Doubt(make_note("answer-status", status=answer.status), _find_proof(answer))
    try:
        reply = decode(answer)
    except ContradictionError as problem:
        return Doubt(problem.note)
    except NotUnderstoodError as problem:
        if answer.status == codes.SLOW_DOWN:
            return _make_throttled(answer)
        if answer.status >= 400:
            return Doubt(make_note("blocked", status=answer.status), is_blocked=True)
        return Doubt(problem.note)
    if isinstance(reply, Refused):
        return _judge_refusal(reply, answer)
    if answer.status >= 400:
        return Doubt(make_note("success-with-status", status=answer.status))
    try:
        return _read_applied(reply)
    except NotUnderstoodError as problem:
        return Doubt(problem.note)


def _find_proof(answer: Answer) -> Refused | None:
    """Find the refusal in an answer whose status says otherwise, if it is one that the API documents."""
    try:
        reply = decode(answer)
    except NotUnderstoodError:
        return None
    return reply if isinstance(reply, Refused) and reply.code in codes.PROOF else None


def _judge_refusal(refusal: Refused, answer: Answer) -> Outcome:
    """Judge what a well-formed refusal proves."""
    if codes.SLOW_DOWN in {answer.status, refusal.code}:
        return _make_throttled(answer)
    if refusal.by_field or refusal.code in codes.PROOF:
        return refusal
    if refusal.code is not None and refusal.code >= codes.FAILURES:
        return Doubt(make_note("provider-failed", code=refusal.code), refusal)
    return Unproven(refusal)


def _make_throttled(answer: Answer) -> Throttled:
    return Throttled(make_note("asked-to-slow-down"), answer.retry_after)


def decode(answer: Answer) -> Success | Refused:
    """Decode a well-formed success or refusal in either format; `NotUnderstoodError` for anything else."""
    text = answer.body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text:
        raise NotUnderstoodError(make_note("answer-empty"))
    return _decode_xml(text) if text.startswith(b"<") else _decode_json(text, answer.status)


def read_main_account(reply: Success) -> MainAccount:
    """Read the main account in a decoded answer to `/me`."""
    if isinstance(reply.fields, Mapping):
        user, credits_ = reply.fields.get("user"), reply.fields.get("credits")
        if not isinstance(credits_, Mapping):
            raise NotUnderstoodError(make_note("no-credits"))
        name = user.get("username") if isinstance(user, Mapping) else None
        figures = [credits_[key] for key in ("balance", "solde") if credits_.get(key) is not None]
        currency = credits_.get("currency")
    else:
        name, figures, currency = _read_me_entries(reply.fields)
    _check_currency(currency)
    balances = {_parse_money(figure) for figure in figures}
    if len(balances) != 1:
        raise NotUnderstoodError(make_note("two-balances") if balances else make_note("no-balance"))
    return MainAccount(_clean_words(name), balances.pop())


def read_subaccount_page(reply: Success, page: int) -> tuple[int, tuple[SubAccount, ...]]:
    """Read how many sub-accounts all pages have, and those of a decoded page of the list, without their keys."""
    fields = reply.fields
    if not isinstance(fields, Mapping) or not isinstance(fields.get("data"), list):
        raise NotUnderstoodError(make_note("no-list"))
    total = _parse_integer(fields.get("total"))
    if total is None or total < 0:
        raise NotUnderstoodError(make_note("no-total"))
    return total, tuple(_read_subaccount(entry, page) for entry in fields["data"])


def _read_subaccount(entry: Any, page: int) -> SubAccount:
    token = entry.get("token") if isinstance(entry, Mapping) else None
    credits_ = entry.get("credits") if isinstance(entry, Mapping) else None
    if not isinstance(token, str) or not token or _UNSTORABLE.search(token) or not isinstance(credits_, Mapping):
        raise NotUnderstoodError(make_note("subaccount-incomplete"))
    _check_currency(credits_.get("currency"))
    return SubAccount(
        token=token,
        email=_clean_words(entry.get("email")),
        kind=_clean_words(entry.get("type")),
        balance=_parse_money(credits_.get("balance")),
        page=page,
    )


def _read_applied(reply: Success) -> Applied:
    fields = reply.fields
    if isinstance(fields, Mapping):
        main, subaccount, currency = (fields.get(key) for key in ("credit", "subaccountCredit", "currency"))
    elif len(fields) == 3:
        main, subaccount, currency = (_read_entry(entry) for entry in fields)
    else:
        raise NotUnderstoodError(make_note("answer-incomplete"))
    _check_currency(currency)
    return Applied(_parse_money(main), _parse_money(subaccount))


def _decode_json(body: bytes, status: int) -> Success | Refused:
    try:
        fields = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_make_object)
    except (ValueError, RecursionError, DecimalException):
        # Told below: as the cause of what is raised, the parser's own error would carry the body along.
        fields = None
    if not isinstance(fields, Mapping):
        raise NotUnderstoodError(make_note("answer-not-json"))
    success = fields.get("success")
    if success is True:
        return _make_success(fields.get("code"), fields)
    if success is False:
        return _make_refusal(fields.get("code"), fields.get("message"))
    if success is None and 400 <= status < 500 and _is_error_list(fields.get("error")):
        return codes.translate(None, _join_errors(fields["error"]), by_field=True)
    raise NotUnderstoodError(make_note("answer-undecided"))


def _decode_xml(body: bytes) -> Success | Refused:
    root: Element | None
    try:
        # Nothing that does more than hold data: no entities, no DTD.
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        root = None
    if root is None:
        raise NotUnderstoodError(make_note("answer-not-xml"))
    entries = list(root)
    if root.tag != "result" or any(entry.tag != "entry" for entry in entries) or len(entries) < 3:
        raise NotUnderstoodError(make_note("answer-other-xml"))
    success, code = (_read_entry(entry).strip() for entry in entries[:2])
    if success in {"true", "1"}:
        return _make_success(code, entries[2:])
    if success in {"false", "0"} and len(entries) == 3:
        return _make_refusal(code, _read_entry(entries[2]))
    raise NotUnderstoodError(make_note("answer-undecided"))


def parse_retry_pause(value: str | None) -> float | None:
    """Read `Retry-After` as seconds (RFC 9110: a whole number or a date); None where it says nothing usable."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < 10 else float(_LARGEST_WHOLE)
    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _read_entry(entry: Element) -> str:
    if len(entry):
        raise NotUnderstoodError(make_note("answer-nested"))
    return entry.text or ""


def _make_success(code: Any, fields: Any) -> Success:
    if _parse_integer(code) != codes.OK:
        raise ContradictionError(make_note("success-with-other-code"))
    return Success(fields)


def _make_refusal(code: Any, words: Any) -> Refused:
    number = _parse_integer(code)
    if number == codes.OK:
        raise ContradictionError(make_note("refusal-with-success-code"))
    if number is None and (code is not None or not isinstance(words, str) or not words.strip()):
        raise NotUnderstoodError(make_note("refusal-without-code"))
    return codes.translate(number, _clean_words(words))


def _clean_words(value: Any) -> str:
    """Keep a server's text as it is, but for what nothing can store."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value[:MAX_WORDS]) if isinstance(value, str) else ""


def _is_error_list(errors: Any) -> bool:
    """Tell whether it is the list of `{"error": [{"elementId": …, "message": …}]}`."""
    entries = errors if isinstance(errors, list) else ()
    return any(isinstance(entry, Mapping) and isinstance(entry.get("elementId"), str) for entry in entries)


def _join_errors(errors: Sequence[Any]) -> str:
    messages = [entry.get("message") for entry in errors if isinstance(entry, Mapping)]
    return _clean_words("; ".join(message for message in messages if isinstance(message, str) and message))


def _read_me_entries(entries: Sequence[Element]) -> tuple[str | None, list[str], str | None]:
    """Read `/me` in XML: an entry of named texts, then one of seven in the order of the JSON fields."""
    if len(entries) != 2 or len(entries[1]) != 7:
        raise NotUnderstoodError(make_note("account-incomplete"))
    texts = [_read_entry(entry) for entry in entries[1]]
    return entries[0].findtext("username"), [text for text in (texts[4], texts[6]) if text], texts[5]


def _parse_integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < _LARGEST_WHOLE else None
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _parse_money(value: Any) -> Decimal:
    """Parse a balance, given as a JSON number or as text."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        number = Decimal(value.strip())
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        number = Decimal(value)
    else:
        raise NotUnderstoodError(make_note("balance-not-a-number"))
    if not number.is_finite() or number.adjusted() >= MAX_DIGITS:
        raise NotUnderstoodError(make_note("balance-not-a-number"))
    return round_balance(number)


def _check_currency(currency: Any) -> None:
    if not isinstance(currency, str) or currency.strip() != CURRENCY:
        raise NotUnderstoodError(make_note("not-euros"))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a field that occurs twice, and drop the sub-accounts' own keys before anything else sees them."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field occurs twice")
    fields.pop("apiKey", None)
    return fields
