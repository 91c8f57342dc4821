"""Taking a file from a browser: bounded while it arrives, under a harmless name, stored byte for byte."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import PurePath
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest
from django.utils import timezone

from batch.errors import SheetError, UsageError
from batch.language import _
from batch.sheet import Limits
from batch.sheet.source_file import TEXT_SUFFIXES, WORKBOOK_SUFFIXES
from batch.web import vault
from batch.web.drafts.names import safe_name
from batch.web.models import Person, StoredFile, Version

FIELD = "sheet_file"
ENDINGS = (*WORKBOOK_SUFFIXES, *TEXT_SUFFIXES)
_MOST_ROWS = 200_000
"""Rows of a sheet that are kept to be looked at on pages; longer ones are for the command line."""
_KEPT = timedelta(hours=1)
"""How long a file waits for the choice of one of its sheets."""
_SALT = "creditbatch.drafts.file"


def limits() -> Limits:
    """How much a sheet may take, by the settings of the environment."""
    found = vault.surroundings()
    rows = min(found.max_rows, _MOST_ROWS)
    return Limits.of(file_mb=found.max_file_mb, unpacked_mb=found.max_unpacked_mb, rows=rows)


class BoundedUpload(TemporaryFileUploadHandler):
    """Django's way of writing an upload to a temporary file, which stops writing beyond the limit of a sheet."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A file begins."""
        super().new_file(*args, **kwargs)
        self._received, self._limit = 0, limits().file_size

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """A piece arrives. The rest of a file that is too large is heard but not kept."""
        self._received += len(raw_data)
        if self._received > self._limit:
            self.upload_interrupted()
            if self.request is not None:
                self.request.META["CREDITBATCH_TOO_LARGE"] = "1"
            raise SkipFile
        super().receive_data_chunk(raw_data, start)


def received(request: HttpRequest) -> StoredFile:
    """The file of the form, stored; a `SheetError` says why it is refused."""
    file = request.FILES.get(FIELD)
    if request.META.get("CREDITBATCH_TOO_LARGE"):
        raise SheetError(
            _(
                "The file is larger than the {limit} MB that a sheet may have: "
                "copy the rows that matter into a new file."
            ).format(limit=f"{limits().file_size / 1e6:g}")
        )
    if not isinstance(file, UploadedFile):
        raise SheetError(_("No file was chosen: choose the sheet to check."))
    return keep(safe_name(file.name or ""), file)


def keep(name: str, content: IO[bytes] | UploadedFile[Any]) -> StoredFile:
    """Store a file; a `SheetError` for what can be told without looking into it."""
    if PurePath(name).suffix.lower() not in ENDINGS:
        raise SheetError(
            _("{name} is not named like a sheet: save it as one of {endings}.").format(
                name=f"“{name}”", endings=", ".join(ENDINGS)
            )
        )
    data = content.read()
    if not data:
        raise SheetError(_("{name} is empty (0 bytes): save the sheet again.").format(name=f"“{name}”"))
    return StoredFile.objects.create(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data), data=data)


def ticket(file: StoredFile, person: Person) -> str:
    """What a form carries instead of the file, for this person only."""
    return TimestampSigner(salt=_SALT).sign(f"{file.pk}:{person.pk}")


def redeemed(text: str, person: Person) -> StoredFile:
    """The file of a ticket; `UsageError` if it is old or another's."""
    try:
        file, _colon, owner = TimestampSigner(salt=_SALT).unsign(text, max_age=_KEPT).partition(":")
        if owner != str(person.pk):
            raise BadSignature
        return StoredFile.objects.get(pk=int(file))
    except (BadSignature, StoredFile.DoesNotExist):
        raise UsageError(_("This page was open for too long: choose the file again.")) from None


def forget_unused() -> None:
    """Remove the files that became no version: their sheet was never chosen, or they could not be read."""
    used = Version.objects.values("file_id")
    old = timezone.now() - _KEPT
    StoredFile.objects.filter(received_at__lt=old).exclude(pk__in=used).delete()
