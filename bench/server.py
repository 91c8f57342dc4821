"""A provider that answers at once, or after a fixed time: far simpler than the sandbox, so that it never is the limit.

`python -m bench.server` prints its port and serves until its standard input is closed. Every movement is applied;
balances are exact. One thread a connection.
"""

from __future__ import annotations

import argparse
import json
import socket
import ssl
import sys
import threading
import time
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

MAIN = "1000000000.000"
HELD = "100.000"
PAGE = 20


def token(number: int) -> str:
    """The name of the sub-account of that number, counted from 0."""
    return f"bench-{number:06d}"


@dataclass
class Money:
    """What the accounts hold; all sub-accounts hold the same at the beginning."""

    subaccounts: int
    main: Decimal = Decimal(MAIN)
    held: dict[str, Decimal] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def move(self, path: str, body: bytes) -> str:
        """Apply a movement, whatever it is."""
        asked = json.loads(body)
        amount = Decimal(asked["credit"])
        signed = amount if path.endswith("add") else -amount
        name = asked["tokenSubaccount"]
        with self.lock:
            self.main -= signed
            self.held[name] = held = self.held.get(name, Decimal(HELD)) + signed
            return f'{{"success":true,"code":200,"credit":{self.main},"subaccountCredit":{held},"currency":"EUR"}}'

    def me(self) -> str:
        """`/me`."""
        account = {"balance": str(self.main), "currency": "EUR"}
        return json.dumps({"success": True, "code": 200, "user": {"username": "bench"}, "credits": account})

    def listed(self, page: int) -> str:
        """A page of the list."""
        names = map(token, range((page - 1) * PAGE, min(page * PAGE, self.subaccounts)))
        data = [
            {
                "token": name,
                "email": "",
                "type": "simple",
                "credits": {"balance": str(self.held.get(name, HELD)), "currency": "EUR"},
            }
            for name in names
        ]
        whole = {
            "success": True,
            "code": 200,
            "total": self.subaccounts,
            "nb_per_page": PAGE,
            "page": page,
            "data": data,
        }
        return json.dumps(whole)


def serve(money: Money, latency: float, context: ssl.SSLContext | None) -> int:
    """Listen on this machine, in threads that end with the process; returns the port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept() -> None:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=_converse, args=(sock, money, latency, context), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return int(listener.getsockname()[1])


def _converse(sock: socket.socket, money: Money, latency: float, context: ssl.SSLContext | None) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        with context.wrap_socket(sock, server_side=True) if context else sock as stream:
            waiting = b""
            while True:
                while b"\r\n\r\n" not in waiting:
                    more = stream.recv(65_536)
                    if not more:
                        return
                    waiting += more
                head, _, waiting = waiting.partition(b"\r\n\r\n")
                length = _length(head)
                while len(waiting) < length:
                    waiting += stream.recv(65_536)
                body, waiting = waiting[:length], waiting[length:]
                if latency:
                    time.sleep(latency)
                answer = _answer(money, head, body).encode()
                stream.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
                    + answer
                )
    except OSError:
        return


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def _answer(money: Money, head: bytes, body: bytes) -> str:
    target = urlsplit(head.split(b" ", 2)[1].decode())
    if body:
        return money.move(target.path, body)
    if target.path.endswith("/me"):
        return money.me()
    return money.listed(int(parse_qs(target.query).get("page", ["1"])[0]))


def main() -> None:
    """Serve until whoever started it goes away."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--subaccounts", type=int, default=29)
    parser.add_argument("--certificate", type=Path)
    given = parser.parse_args()
    context = None
    if given.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate)
    print(serve(Money(given.subaccounts), given.latency_ms / 1000, context), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
