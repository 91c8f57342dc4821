"""Answers to requests: JSON or XML, written exactly as the provider writes them, or spoiled by a fault.

A payload is what an answer says, in the provider's order of fields. JSON names the fields; XML gives them by position
only, strings in CDATA, which is how the provider's serialiser works.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from batch.sandbox.account import (
    ZERO,
    Code,
    Direction,
    SandboxAccount,
    SandboxCall,
    find_message,
    format_balance,
    round_as_provider,
)
from batch.sandbox.faults import Fault, FaultKind, FaultPlan, SandboxOptions

Payload = dict[str, Any]

_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, before it is known whether the connection stays open."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def reply(payload: Payload, *, xml: bool = False, status: int = 200) -> Reply:
    """Write a payload in the format that the client wants."""
    if xml:
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<result>{_write_xml(payload)}</result>'
        return Reply(status, "text/xml; charset=UTF-8", body.encode())
    # Money is written from its decimal digits, which `json` alone can only do through a float.
    items = (
        f"{_encode(name)}:{_write_number(value) if isinstance(value, Decimal) else _encode(value)}"
        for name, value in payload.items()
    )
    return Reply(status, "application/json", f"{{{','.join(items)}}}".encode("ascii"))


def _write_number(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _write_xml(value: Any) -> str:
    if isinstance(value, str):
        return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        # The user alone has names.
        return "".join(
            f"<entry>{_write_named(inner) if name == 'user' else _write_xml(inner)}</entry>"
            for name, inner in value.items()
        )
    if isinstance(value, list):
        return "".join(f"<entry>{_write_xml(inner)}</entry>" for inner in value)
    return _write_number(value) if isinstance(value, Decimal) else str(value)


def _write_named(user: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{_write_xml(inner)}</{name}>" for name, inner in user.items())


_PAGE_SIZE = 20
_CURRENCY = "EUR"
# What one message costs, in euros; these give the counts of the provider's own example.
_PRICES = {"creditSms": Decimal("0.038"), "creditSmsECO": Decimal("0.023"), "creditHlr": Decimal("0.005")}

_METHODS = {
    "/subaccount/credit/add": ("POST",),
    "/subaccount/credit/remove": ("POST",),
    "/me": ("GET",),
    "/subaccount/list": ("GET",),
    "/sandbox/ledger": ("GET",),
    "/sandbox/faults": ("GET", "POST", "DELETE"),
    "/sandbox/top-up": ("POST",),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One of the four calls with its parameters; there are none when its body could not be read."""

    call: SandboxCall
    parameters: Mapping[str, object] | None
    xml: bool

    @property
    def token(self) -> object:
        """The sub-account that a movement names, if it does."""
        return (self.parameters or {}).get("tokenSubaccount")


class Api:
    """Answers requests from an account, from any thread: one lock is held wherever the account is looked at."""

    def __init__(self, options: SandboxOptions, account: SandboxAccount) -> None:
        self._options = options
        self._account = account
        self._faults = FaultPlan(options.faults)
        self._calls = dict.fromkeys((call.value for call in SandboxCall), 0)
        self._lock = threading.RLock()

    def route(self, method: str, target: str, body: bytes) -> Asked | Reply:
        """Find which of the four calls this is, or else answer it at once."""
        path, query = _split(target)
        allowed = _METHODS.get(path)
        if allowed is None:
            return reply(self.refusal(Code.NOT_FOUND), status=404)
        if method not in allowed:
            refused = reply(self.refusal(Code.METHOD_NOT_ALLOWED), status=405)
            return Reply(refused.status, refused.content_type, refused.body, {"Allow": ", ".join(allowed)})
        if not path.startswith("/sandbox/"):
            return _read_call(SandboxCall(path.rpartition("/")[2]), query, body)
        try:
            return reply(self._manage(method, path, body))
        except (ValueError, InvalidOperation) as wrong:
            return reply({"success": False, "code": 400, "message": str(wrong)}, status=400)

    def pick_fault(self, asked: Asked) -> Fault | None:
        """Count the call, and find the fault that hits it."""
        with self._lock:
            self._calls[asked.call] += 1
            return self._faults.pick(asked.call, asked.token)

    def answer(self, asked: Asked, demanded: int | None = None, *, ago: float = 0.0) -> Payload:
        """Perform a call. A demanded code is a refusal that comes once the key is known to be right.

        A question is answered as of `ago` seconds ago.
        """
        if asked.parameters is None:
            return self.refusal(Code.MALFORMED_JSON)
        key = asked.parameters.get("apiKey")
        if key is None or key == "":
            return self.refusal(Code.KEY_REQUIRED)
        if str(key) != self._options.key:
            return self.refusal(Code.WRONG_KEY)
        if demanded is not None:
            return self.refusal(demanded)
        with self._lock:
            if asked.call is SandboxCall.ME:
                return self._answer_me(ago)
            if asked.call is SandboxCall.LIST:
                return self._page(_read_page_number(asked.parameters.get("page")), ago)
            return self._move(asked, asked.parameters)

    def refusal(self, code: int) -> Payload:
        """Refuse, in the sandbox's language."""
        return {"success": False, "code": int(code), "message": find_message(code, self._options.language)}

    def reply(self, payload: Payload, asked: Asked) -> Reply:
        """Answer a call; refusals have the status that was asked for."""
        return reply(payload, xml=asked.xml, status=200 if payload["success"] else self._options.error_status)

    def ledger(self) -> Payload:
        """Tell what was really applied, in order, and what that left."""
        with self._lock:
            return {**self._account.ledger(), "calls": dict(self._calls)}

    def add_fault(self, fault: Fault) -> None:
        with self._lock:
            self._faults.add(fault)

    def _move(self, asked: Asked, parameters: Mapping[str, object]) -> Payload:
        direction: Direction = "add" if asked.call is SandboxCall.ADD else "remove"
        outcome = self._account.move(direction, parameters.get("credit"), asked.token)
        if isinstance(outcome, Code):
            return self.refusal(outcome)
        return {
            "success": True,
            "code": Code.OK.value,
            "credit": outcome.main_balance,
            "subaccountCredit": outcome.subaccount_balance,
            "currency": _CURRENCY,
        }

    def _answer_me(self, ago: float) -> Payload:
        balance = self._account.compute_main_balance(ago)
        shown = format_balance(balance)
        counts = {name: int(max(balance, ZERO) / price) for name, price in _PRICES.items()}
        return {
            "success": True,
            "code": Code.OK.value,
            "user": {"username": "exemple@email.com", "firstname": "John", "lastname": "Doe"},
            "credits": {**counts, "toSend": 0, "solde": shown, "currency": _CURRENCY, "balance": shown},
        }

    def _page(self, page: int, ago: float) -> Payload:
        first = (page - 1) * _PAGE_SIZE
        found = self._account.list_balances(first, _PAGE_SIZE, ago=ago)
        return {
            "success": True,
            "code": Code.OK.value,
            "total": len(self._account.subaccounts),
            "nb_per_page": _PAGE_SIZE,
            "page": page,
            "data": [_list_subaccount(number, *held) for number, held in enumerate(found, first + 1)],
        }

    def _manage(self, method: str, path: str, body: bytes) -> Payload:
        if path == "/sandbox/ledger":
            return self.ledger()
        if path == "/sandbox/top-up":
            return self._add_credit(_read_json(body))
        with self._lock:
            if method == "POST":
                given = _read_json(body)
                # All are read before any is added, so that a mistake in the last adds none.
                for fault in list(map(_read_fault, given if isinstance(given, list) else [given])):
                    self._faults.add(fault)
            elif method == "DELETE":
                self._faults.clear()
            return {"success": True, "faults": self._faults.list_faults()}

    def _add_credit(self, given: object) -> Payload:
        if not isinstance(given, dict) or "amount" not in given:
            raise ValueError('A top-up reads {"amount": "50"}, with "token" for a sub-account.')
        token = given.get("token")
        with self._lock:
            try:
                amount = round_as_provider(Decimal(str(given["amount"])))
                self._account.add_credit(amount, None if token is None else str(token))
            except InvalidOperation:
                raise ValueError(f"{given['amount']!r} is not an amount.") from None
            except KeyError:
                raise ValueError(f"There is no sub-account {token!r}.") from None
            return {"success": True, "main_balance": format_balance(self._account.main_balance)}


def _split(target: str) -> tuple[str, str]:
    """Split into path, without `/v1` and needless slashes, and query, without a second question mark."""
    parts = urlsplit(target)
    path = "/" + "/".join(filter(None, parts.path.split("/")))
    return path.removeprefix("/v1") if path.startswith("/v1/") else path, parts.query.lstrip("?")


def _read_call(call: SandboxCall, query: str, body: bytes) -> Asked:
    """Read the parameters of a call; those of the body win over those of the query."""
    parameters: dict[str, object] = dict(parse_qsl(query, keep_blank_values=True))
    readable = True
    try:
        parameters |= _read_parameters(body)
    except ValueError:
        readable = False
    xml = str(parameters.get("_format", "")).lower() == "xml"
    return Asked(call, parameters if readable else None, xml)


def _read_parameters(body: bytes) -> dict[str, object]:
    """Read a JSON object, or nothing; `ValueError` for any other body."""
    parameters = _read_json(body) if body.strip() else {}
    if isinstance(parameters, dict):
        return parameters
    raise ValueError("The body is not a JSON object.")


def _read_json(body: bytes) -> Any:
    """Read JSON whose numbers keep their digits; whatever is wrong with it is a `ValueError`."""
    try:
        # NaN and Infinity are no integers either.
        return json.loads(body.decode("utf-8-sig"), parse_float=Decimal, parse_int=Decimal, parse_constant=int)
    except (RecursionError, InvalidOperation) as wrong:
        raise ValueError("The JSON is beyond what can be read.") from wrong


def _read_fault(given: object) -> Fault:
    return Fault.from_fields(given) if isinstance(given, dict) else Fault.from_text(str(given))


def _read_page_number(asked: object) -> int:
    text = str(asked)
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _list_subaccount(number: int, token: str, held: Decimal) -> Payload:
    """List a sub-account. Its key is made up, and easy to look for where it should never appear."""
    return {
        "id": number,
        "email": f"{token}@example.com",
        "type": "advanced" if number % 7 == 0 else "simple",
        "token": token,
        "apiKey": f"secret-of-{token}",
        "createdAt": "2016-03-04 11:23:14",
        "credits": {"balance": format_balance(held), "currency": _CURRENCY},
    }


_BALANCES = {"credit", "subaccountCredit", "solde", "balance"}


def apply_fault(fault: Fault, asked: Asked, api: Api) -> Reply:
    """Apply the call if the fault comes after that, and answer as the fault has it."""
    return _distort(fault, _tell(fault, asked, api), asked, api)


def _tell(fault: Fault, asked: Asked, api: Api) -> Payload:
    # A fault that comes before applying has nothing true to say, so it distorts an internal problem.
    told = api.refusal(Code.INTERNAL_PROBLEM)
    if fault.after:
        told = api.answer(asked, ago=fault.duration if fault.kind is FaultKind.STALE else 0.0)
    if fault.code is None:
        return told
    # Once it is known that the key is right; and whatever really happened.
    return api.refusal(fault.code) if fault.after and told["success"] else api.answer(asked, fault.code)


def _distort(fault: Fault, told: Payload, asked: Asked, api: Api) -> Reply:
    match fault.kind:
        case FaultKind.TOO_MANY:
            wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return _show_page(429, "429 Too Many Requests", wait)
        case FaultKind.PAGE:
            page = _show_page(fault.status or 403, "Forbidden")
            return page if fault.body is None else Reply(page.status, page.content_type, fault.body.encode())
        case FaultKind.ERROR:
            return reply(api.refusal(Code.INTERNAL_PROBLEM), xml=asked.xml, status=500)
        case FaultKind.ERROR_LIST:
            said = api.refusal(Code.CREDIT_NOT_POSITIVE)["message"]
            return reply({"error": [{"elementId": "credit", "message": said}]}, xml=asked.xml, status=400)
        case FaultKind.CONTRADICTION:
            return reply({**told, "success": True, "code": Code.INTERNAL_PROBLEM.value}, xml=asked.xml)
        case FaultKind.OTHER_CURRENCY:
            told = _replace(told, {"currency": "USD"})
        case FaultKind.NOT_A_NUMBER:
            told = _replace(told, dict.fromkeys(_BALANCES, "NaN"))
    if fault.status is not None:
        return reply(told, xml=asked.xml, status=fault.status)
    return _FIXED.get(fault.kind) or api.reply(told, asked)


def _show_page(status: int, title: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer as a proxy in front of the provider does for itself."""
    page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"
    return Reply(status, "text/html", page.encode("ascii"), headers or {})


def _replace(value: Any, texts: Mapping[str, str]) -> Any:
    """Put another text wherever one of these names is."""
    if isinstance(value, dict):
        return {name: texts[name] if name in texts else _replace(inner, texts) for name, inner in value.items()}
    return [_replace(inner, texts) for inner in value] if isinstance(value, list) else value


_FIXED = {
    FaultKind.BAD_GATEWAY: _show_page(502, "502 Bad Gateway"),
    FaultKind.EMPTY: Reply(200, "application/json", b""),
    FaultKind.GARBAGE: Reply(200, "application/json", b'\x00\xff\xfe{"success"; tru\x00'),
    FaultKind.REDIRECT: Reply(302, "text/html", b"", {"Location": "/elsewhere"}),
}
