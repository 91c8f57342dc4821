"""Small sheets for the sandbox's account, and the short way to upload one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.core.files.uploadedfile import SimpleUploadedFile

import batch
from batch.web.models import Draft, Version

if TYPE_CHECKING:
    from django.test import Client

SAMPLES = Path(batch.__file__).parent.parent / "samples"
TOKEN, OTHER = "sub-0001", "sub-0002"
GOOD = f"Token;Montant;Sens;Note\n{TOKEN};10,50;ajout;loyer\n{OTHER};5;ajout;\n{TOKEN};2;retrait;\n".encode()
MIXED = (
    f"Token;Montant;Sens;Note\n{TOKEN};10,50;ajout;\n{OTHER};1.234;ajout;ambigu\n"
    f"{OTHER};abc;retrait;\n{TOKEN};2;ajout;bon\n"
).encode()


def csv_file(data: bytes, name: str = "janvier.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="text/csv")


def upload(client: Client, data: bytes, name: str = "janvier.csv", **fields: str) -> Draft:
    response = client.post("/drafts/new", {"sheet_file": csv_file(data, name), **fields})
    assert response.status_code == 302
    return Draft.objects.get(pk=response["Location"].rsplit("/", 1)[-1])


def look(client: Client, draft: Draft) -> str:
    return client.get(f"/drafts/{draft.pk}").content.decode()


def newest(draft: Draft) -> Version:
    """The draft's version in force."""
    draft.refresh_from_db()
    return Version.objects.get(draft=draft, number=draft.version)
