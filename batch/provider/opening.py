"""The provider over HTTP, opened from the settings and closed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from batch.provider.client import Client
from batch.provider.pace import Pace, choose_pace
from batch.provider.wire import Wire
from batch.settings import Secret, Settings


@contextmanager
def open_client(settings: Settings, key: Secret) -> Iterator[Client]:
    """The provider, asked with this key at the address of the settings."""
    wire = Wire(
        settings.api_url,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        pace=Pace(choose_pace(settings.api_url, settings.max_per_second)),
    )
    client = Client(wire, key, answers=settings.api_format)
    try:
        yield client
    finally:
        client.close()
