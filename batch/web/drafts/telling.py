"""Telling the people concerned that something waits for them."""

from __future__ import annotations

from batch.web.drafts.decisions import blockers_of
from batch.web.models import Draft, Version
from batch.web.notifications import Event, notify


def tell_if_ready(draft: Draft, version: Version) -> None:
    """Tell those who may approve, once nothing is in the way."""
    if not blockers_of(version):
        notify(Event.WAITS, draft=draft)
