"""A sandbox to talk to, and the plainest clients to do it with."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from batch.sandbox import Sandbox, SandboxOptions

ADD = "/v1/subaccount/credit/add"
REMOVE = "/v1/subaccount/credit/remove"
KEY = "sandbox-key"


@dataclass(frozen=True)
class Heard:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, with its digits kept."""
        return json.loads(self.body, parse_float=Decimal)


class Client:
    """One keep-alive connection that speaks HTTP and knows nothing else."""

    def __init__(self, port: int, timeout: float = 5) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def ask(
        self, method: str, path: str, body: str | bytes | None = None, headers: dict[str, str] | None = None
    ) -> Heard:
        """Send a request and read its answer whole."""
        self.connection.request(method, path, body, headers or {})
        with self.connection.getresponse() as answer:
            return Heard(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def post(self, path: str, query: str = "", **body: object) -> Heard:
        return self.ask("POST", path + query, json.dumps(body), {"Content-Type": "application/json"})

    def move(self, path: str = ADD, credit: object = "10", query: str = "", number: int = 1) -> Heard:
        """Ask for a movement with the right key, to or from the sub-account of that number."""
        return self.post(path, query, apiKey=KEY, credit=credit, tokenSubaccount=f"sub-{number:04d}")

    def ledger(self) -> Any:
        """What the sandbox says it really applied."""
        return self.ask("GET", "/sandbox/ledger").json

    def close(self) -> None:
        self.connection.close()


Opener = Callable[..., tuple[Sandbox, Client]]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Open a sandbox with the given options, and a client of it."""
    with ExitStack() as stack:

        def open_sandbox(timeout: float = 5, **options: Any) -> tuple[Sandbox, Client]:
            sandbox = stack.enter_context(Sandbox(SandboxOptions(**options)))
            client = Client(sandbox.port, timeout)
            stack.callback(client.close)
            return sandbox, client

        yield open_sandbox


@pytest.fixture
def sandbox(opened: Opener) -> Sandbox:
    return opened()[0]


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    client = Client(sandbox.port)
    yield client
    client.close()


@pytest.fixture
def raw(sandbox: Sandbox) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as connection:
        yield connection
