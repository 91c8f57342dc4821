"""The provider to measure against, in a process of its own, and the two loops that people use instead of us."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

from batch.model import Direction, Movement
from batch.money import encode_amount
from bench.measuring import ROOT, clean_environ, python

KEY = "bench-key"
SUBACCOUNTS = 29


@contextmanager
def provider(
    *, latency_ms: float = 0.0, subaccounts: int = SUBACCOUNTS, certificate: Path | None = None
) -> Iterator[int]:
    """A provider that serves meanwhile; gives its port."""
    options = ["--latency-ms", str(latency_ms), "--subaccounts", str(subaccounts)]
    if certificate:
        options += ["--certificate", str(certificate)]
    with subprocess.Popen(
        python("-m", "bench.server", *options),
        cwd=ROOT,
        env=clean_environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        if server.stdout is None or server.stdin is None:
            raise AssertionError("both were asked for")
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()


def address(port: int, *, tls: bool = False) -> str:
    """Where the provider, or the proxy before it, is."""
    return f"{'https' if tls else 'http'}://localhost:{port}/v1"


def bare_loop(url: str, movements: Sequence[Movement]) -> None:
    """The least that a script does: one session, one call a row, nothing written down."""
    with requests.Session() as session:
        for movement in movements:
            session.post(_url(url, movement), json=_body(movement), timeout=30).json()


def sample_loop(url: str, movements: Sequence[Movement]) -> None:
    """What the provider's own sample does, in a loop: a new connection for every call."""
    for movement in movements:
        requests.post(_url(url, movement), json=_body(movement), timeout=10).json()


def _url(url: str, movement: Movement) -> str:
    return f"{url}/subaccount/credit/{'add' if movement.direction is Direction.ADD else 'remove'}"


def _body(movement: Movement) -> dict[str, str]:
    return {"apiKey": KEY, "credit": encode_amount(movement.amount), "tokenSubaccount": movement.token}
