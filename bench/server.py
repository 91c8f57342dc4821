"""A load for clients: a provider that applies whatever it is asked and answers at once, or after a fixed time.

`python -m bench.server` prints its port and serves until its standard input is closed. It refuses nothing, so it is no
stand-in for the provider's behaviour: that is the sandbox, which spends twice as much time on a call and has no TLS.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import ssl
import sys
from contextlib import closing, suppress
from decimal import Decimal
from urllib.parse import parse_qs

MAIN = "1000000000.000"
HELD = "100.000"
_PAGE = 20
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def token(number: int) -> str:
    """The name of the sub-account of that number, counted from 0."""
    return f"bench-{number:06d}"


class _Money:
    """What the accounts hold."""

    def __init__(self, subaccounts: int) -> None:
        self.main = Decimal(MAIN)
        self.held = {token(number): Decimal(HELD) for number in range(subaccounts)}

    def answer(self, target: str, body: bytes) -> str:
        """The answer to a movement, to `/me` or to a page of the list."""
        path, _, query = target.partition("?")
        if body:
            return self._move(path, json.loads(body))
        if path.endswith("/me"):
            return self._success(user={"username": "bench"}, credits=_credits(self.main))
        page = int(parse_qs(query).get("page", ["1"])[0])
        some = list(self.held.items())[(page - 1) * _PAGE : page * _PAGE]
        data = [{"token": name, "email": "", "type": "simple", "credits": _credits(held)} for name, held in some]
        return self._success(total=len(self.held), nb_per_page=_PAGE, page=page, data=data)

    def _move(self, path: str, asked: dict[str, str]) -> str:
        amount, name = Decimal(asked["credit"]), asked["tokenSubaccount"]
        signed = amount if path.endswith("add") else -amount
        self.main -= signed
        self.held[name] += signed
        figures = f'"credit":{self.main},"subaccountCredit":{self.held[name]}'
        return f'{{"success":true,"code":200,{figures},"currency":"EUR"}}'

    def _success(self, **said: object) -> str:
        return json.dumps({"success": True, "code": 200, **said})


def _credits(balance: Decimal) -> dict[str, str]:
    return {"balance": str(balance), "currency": "EUR"}


async def _serve(money: _Money, latency: float, context: ssl.SSLContext | None) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                if latency:
                    await asyncio.sleep(latency)
                answer = money.answer(head.split(b" ", 2)[1].decode(), body).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
                    + answer
                )

    server = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    """Serve until whoever started it goes away."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--subaccounts", type=int, default=29)
    parser.add_argument("--certificate")
    given = parser.parse_args()
    context = None
    if given.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate)
    asyncio.run(_serve(_Money(given.subaccounts), given.latency_ms / 1000, context))


if __name__ == "__main__":
    main()
