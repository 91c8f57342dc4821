"""The desk: what each address answers, given a request. It knows the API, and nothing of sockets.

The refusals of the four calls come in this order: 90 when the body cannot be read, 1, 10, whatever a
`refuse` fault demands, then for a movement 2, 5, 3, 7, 6, 8.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import NoReturn
from urllib.parse import parse_qsl

from batch.sandbox.account import Account, Direction, to_thousandths
from batch.sandbox.answers import CURRENCY, Format, Payload, Reply, Value, moved, refused, reply, three_decimals
from batch.sandbox.api_codes import Call, Code, Language
from batch.sandbox.faults import Fault, FaultPlan
from batch.sandbox.options import SandboxOptions
from batch.sandbox.request import Request

PAGE_SIZE = 20
# What one message costs, in euros; these give the counts of the provider's own example.
_PRICES = {"creditSms": Decimal("0.038"), "creditSmsECO": Decimal("0.023"), "creditHlr": Decimal("0.005")}

_CALLS: dict[str, tuple[str, Call]] = {
    "/subaccount/credit/add": ("POST", Call.ADD),
    "/subaccount/credit/remove": ("POST", Call.REMOVE),
    "/me": ("GET", Call.ME),
    "/subaccount/list": ("GET", Call.LIST),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One of the four calls with its parameters; there are none when its body could not be read."""

    call: Call
    parameters: Mapping[str, object] | None
    wanted: Format

    @property
    def token(self) -> object:
        """The sub-account that a movement names, if it does."""
        return (self.parameters or {}).get("tokenSubaccount")


class Desk:
    """Answers requests from an account. Safe to use from any thread."""

    def __init__(self, options: SandboxOptions, account: Account) -> None:
        self._options = options
        self._language = Language(options.language)
        self._account = account
        self._lock = threading.Lock()
        self._counts = dict.fromkeys((call.value for call in Call), 0)
        self.faults = FaultPlan(options.faults)
        self._own: dict[str, dict[str, Callable[[bytes], Payload]]] = {
            "/sandbox/ledger": {"GET": lambda _: self.ledger()},
            "/sandbox/faults": {
                "GET": lambda _: self._listed_faults(),
                "POST": self._add_faults,
                "DELETE": lambda _: self._clear_faults(),
            },
            "/sandbox/top-up": {"POST": self._top_up},
        }

    def route(self, request: Request) -> Asked | Reply:
        """One of the four calls to answer, or else the answer at once."""
        if request.path in _CALLS:
            method, call = _CALLS[request.path]
            return _asked(call, request) if request.method == method else self._wrong_method([method])
        own = self._own.get(request.path)
        if own is None:
            return reply(refused(Code.NOT_FOUND, self._language), status=404)
        if request.method not in own:
            return self._wrong_method(list(own))
        try:
            return reply(own[request.method](request.body))
        except (ValueError, InvalidOperation) as wrong:
            return reply({"success": False, "code": 400, "message": str(wrong)}, status=400)

    def pick_fault(self, asked: Asked) -> Fault | None:
        """Count the call, and the fault that hits it."""
        with self._lock:
            self._counts[asked.call] += 1
        return self.faults.pick(asked.call, asked.token)

    def answer(self, asked: Asked, demanded: int | None = None, *, ago: float = 0.0) -> Payload:
        """Perform a call. A demanded code is a refusal that comes once the key is known to be right.

        With `ago`, a question is answered as of so many seconds ago.
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
        if asked.call is Call.ME:
            return self._me(ago)
        if asked.call is Call.LIST:
            return self._page(_page_number(asked.parameters.get("page")), ago)
        return self._move(Direction(asked.call.value), asked.parameters)

    def refusal(self, code: int) -> Payload:
        """A refusal in the sandbox's language."""
        return refused(code, self._language)

    def reply(self, payload: Payload, wanted: Format) -> Reply:
        """The answer to a call; refusals have the status that was asked for."""
        return reply(payload, wanted, 200 if payload["success"] is True else self._options.error_status)

    def ledger(self) -> dict[str, Value]:
        """What was really applied, in order, and what that left."""
        now = self._account.snapshot()
        with self._lock:
            counts = dict(self._counts)
        return {
            "movements": [_in_ledger(asdict(movement)) for movement in now.movements],
            "top_ups": [_in_ledger(asdict(top_up)) for top_up in now.top_ups],
            "main_balance": three_decimals(now.main_balance),
            "subaccounts": {token: three_decimals(held) for token, held in now.subaccounts.items()},
            "spent": {token: three_decimals(spent) for token, spent in now.spent.items()},
            "calls": counts,
        }

    def _wrong_method(self, allowed: list[str]) -> Reply:
        plain = reply(self.refusal(Code.METHOD_NOT_ALLOWED), status=405)
        return Reply(plain.status, plain.content_type, plain.body, (("Allow", ", ".join(allowed)),))

    def _move(self, direction: Direction, parameters: Mapping[str, object]) -> Payload:
        outcome = self._account.move(direction, parameters.get("credit"), parameters.get("tokenSubaccount"))
        return self.refusal(outcome) if isinstance(outcome, Code) else moved(outcome)

    def _me(self, ago: float) -> Payload:
        balance = self._account.main_balance_ago(ago)
        shown = three_decimals(balance)
        counts: dict[str, Value] = {name: int(max(balance, 0) / price) for name, price in _PRICES.items()}
        return {
            "success": True,
            "code": Code.OK.value,
            "user": {"username": "exemple@email.com", "firstname": "John", "lastname": "Doe"},
            "credits": {**counts, "toSend": 0, "solde": shown, "currency": CURRENCY, "balance": shown},
        }

    def _page(self, page: int, ago: float) -> Payload:
        first = (page - 1) * PAGE_SIZE
        found = self._account.look_at(first, PAGE_SIZE, ago=ago)
        return {
            "success": True,
            "code": Code.OK.value,
            "total": len(self._account),
            "nb_per_page": PAGE_SIZE,
            "page": page,
            "data": [_listed(first + place, *held) for place, held in enumerate(found, start=1)],
        }

    def _listed_faults(self) -> Payload:
        return {"success": True, "faults": self.faults.listing()}

    def _add_faults(self, body: bytes) -> Payload:
        given = _json(_text(body))
        # All are read before any is added, so that a mistake in the last adds none.
        for fault in [_fault(one) for one in (given if isinstance(given, list) else [given])]:
            self.faults.add(fault)
        return self._listed_faults()

    def _clear_faults(self) -> Payload:
        self.faults.clear()
        return self._listed_faults()

    def _top_up(self, body: bytes) -> Payload:
        given = _json(_text(body))
        if not isinstance(given, dict) or "amount" not in given:
            raise ValueError('A top-up reads {"amount": "50"}, with "token" for a sub-account.')
        try:
            amount = to_thousandths(Decimal(str(given["amount"])))
        except InvalidOperation:
            raise ValueError(f"{given['amount']!r} is not an amount.") from None
        token = given.get("token")
        try:
            self._account.top_up(amount, None if token is None else str(token))
        except KeyError:
            raise ValueError(f"There is no sub-account {token!r}.") from None
        return {"success": True, "main_balance": three_decimals(self._account.main_balance)}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON.")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, parse_constant=_no_constant)


def _asked(call: Call, request: Request) -> Asked:
    """The parameters of a call; those of the body win over those of the query."""
    query: dict[str, object] = dict(parse_qsl(request.query, keep_blank_values=True))
    try:
        parameters = {**query, **_body_parameters(request)}
    except ValueError:
        return Asked(call, None, _format(query))
    return Asked(call, parameters, _format(parameters))


def _text(body: bytes) -> str:
    return body.decode("utf-8-sig").strip()


def _body_parameters(request: Request) -> dict[str, object]:
    """What the body says. It is JSON when it looks like JSON or claims to be, else an HTML form.

    Raises `ValueError` for JSON that cannot be read, or that is not an object.
    """
    text = _text(request.body)
    if not text:
        return {}
    if not text.startswith("{") and "json" not in request.headers.get("content-type", "").lower():
        return dict(parse_qsl(text, keep_blank_values=True))
    parameters = _json(text)
    if isinstance(parameters, dict):
        return parameters
    raise ValueError("The body is not a JSON object.")


def _json(text: str) -> object:
    """JSON whose numbers keep their digits; whatever is wrong with it is a `ValueError`."""
    try:
        parsed: object = _DECODER.decode(text)
    except (RecursionError, InvalidOperation) as wrong:
        raise ValueError("The JSON is beyond what can be read.") from wrong
    return parsed


def _format(parameters: Mapping[str, object]) -> Format:
    return Format.XML if str(parameters.get("_format", "")).lower() == "xml" else Format.JSON


def _page_number(asked: object) -> int:
    text = str(asked)
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _listed(number: int, token: str, held: Decimal) -> dict[str, Value]:
    """A sub-account in the list. Its key is made up, and easy to look for where it should never appear."""
    return {
        "id": number,
        "email": f"{token}@example.com",
        "type": "advanced" if number % 7 == 0 else "simple",
        "token": token,
        "apiKey": f"secret-of-{token}",
        "createdAt": "2016-03-04 11:23:14",
        "credits": {"balance": three_decimals(held), "currency": CURRENCY},
    }


def _in_ledger(event: Mapping[str, str | int | Decimal | None]) -> dict[str, Value]:
    return {
        name: three_decimals(value) if isinstance(value, Decimal) else value
        for name, value in event.items()
        if value is not None
    }


def _fault(given: object) -> Fault:
    if isinstance(given, str):
        return Fault.from_text(given)
    if isinstance(given, dict):
        return Fault.from_fields(given)
    raise ValueError('A fault reads {"kind": "reset", "moment": "after"} or "reset-after".')
