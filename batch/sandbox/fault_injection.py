"""What a call is answered under a fault; how it then goes over the connection is the server's part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batch.sandbox.answers import Payload, Reply, reply
from batch.sandbox.api_codes import Code
from batch.sandbox.faults import Fault, Kind
from batch.sandbox.handlers import Api, Asked

_BALANCES = {"credit", "subaccountCredit", "solde", "balance"}


def answer_under(fault: Fault, asked: Asked, api: Api) -> Reply:
    """Apply the call if the fault comes after that, and answer as the fault has it."""
    return _distort(fault, _tell(fault, asked, api), asked, api)


def _tell(fault: Fault, asked: Asked, api: Api) -> Payload:
    # A fault that comes before applying has nothing true to say, so it distorts an internal problem.
    told = api.refusal(Code.INTERNAL_PROBLEM)
    if fault.after:
        told = api.answer(asked, ago=fault.duration if fault.kind is Kind.STALE else 0.0)
    if fault.code is None:
        return told
    # Once it is known that the key is right; and whatever really happened.
    return api.refusal(fault.code) if fault.after and told["success"] else api.answer(asked, fault.code)


def _distort(fault: Fault, told: Payload, asked: Asked, api: Api) -> Reply:
    match fault.kind:
        case Kind.TOO_MANY:
            wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return _show_page(429, "429 Too Many Requests", wait)
        case Kind.PAGE:
            page = _show_page(fault.status or 403, "Forbidden")
            return page if fault.body is None else Reply(page.status, page.content_type, fault.body.encode())
        case Kind.ERROR:
            return reply(api.refusal(Code.INTERNAL_PROBLEM), xml=asked.xml, status=500)
        case Kind.ERROR_LIST:
            said = api.refusal(Code.CREDIT_NOT_POSITIVE)["message"]
            return reply({"error": [{"elementId": "credit", "message": said}]}, xml=asked.xml, status=400)
        case Kind.CONTRADICTION:
            return reply({**told, "success": True, "code": Code.INTERNAL_PROBLEM.value}, xml=asked.xml)
        case Kind.OTHER_CURRENCY:
            told = _replace(told, {"currency": "USD"})
        case Kind.NOT_A_NUMBER:
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
    Kind.BAD_GATEWAY: _show_page(502, "502 Bad Gateway"),
    Kind.EMPTY: Reply(200, "application/json", b""),
    Kind.GARBAGE: Reply(200, "application/json", b'\x00\xff\xfe{"success"; tru\x00'),
    Kind.REDIRECT: Reply(302, "text/html", b"", {"Location": "/elsewhere"}),
}
