"""The draft that an address names, and whether it may still be changed."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404

from batch.errors import UsageError
from batch.language import _
from batch.web.models import Draft, DraftState, Job, JobState, Version


def draft_in_force(pk: UUID) -> tuple[Draft, Version]:
    """The draft and its version in force; 404 if there is none."""
    draft = get_object_or_404(Draft.objects.select_related("created_by", "rejected_by"), pk=pk)
    version = Version.objects.select_related("file", "created_by", "draft").defer("file__data")
    found = version.filter(draft=draft, number=draft.version).first()
    if found is None:
        raise Http404
    return draft, found


def refuse_old(draft: Draft, posted: QueryDict) -> None:
    """A form of a version that is not in force any more changes nothing."""
    if draft.state not in {DraftState.CHECKED, DraftState.APPROVED}:
        raise UsageError(_("This batch was started or has ended: nothing can be changed any more."))
    if posted.get("version") != str(draft.version):
        raise UsageError(
            _("Somebody has changed this batch since you opened the page. Nothing was saved: look at it again.")
        )


def refuse_scheduled(draft: Draft) -> None:
    """What is about to start is not changed under way."""
    if Job.objects.filter(draft=draft).exclude(state=JobState.ENDED).exists():
        raise UsageError(_("This batch is about to start: take the start back before you change anything."))
