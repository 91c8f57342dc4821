"""The draft that an address names."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404

from batch.errors import UsageError
from batch.language import _
from batch.web.models import Draft, Job, JobState, Version


def draft_in_force(pk: UUID) -> tuple[Draft, Version]:
    """The draft and its version in force; 404 if there is none."""
    draft = get_object_or_404(Draft.objects.select_related("created_by", "rejected_by"), pk=pk)
    version = Version.objects.select_related("file", "created_by", "draft").defer("file__data")
    found = version.filter(draft=draft, number=draft.version).first()
    if found is None:
        raise Http404
    return draft, found


def refuse_scheduled(draft: Draft) -> None:
    """What is about to start is not changed under way."""
    if Job.objects.filter(draft=draft).exclude(state=JobState.ENDED).exists():
        raise UsageError(_("This batch is about to start: take the start back before you change anything."))
