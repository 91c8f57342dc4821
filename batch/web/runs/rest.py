"""A new draft of what a batch did not do: its rows to correct, as the report hands them back."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from batch.ledger.orm.store import DatabaseLedger
from batch.report.workbook import write_report
from batch.web.drafts.checking import Reading, check_version
from batch.web.drafts.conventions import Conventions
from batch.web.drafts.digest import Options
from batch.web.models import Draft, Person, StoredFile


def draft_of_rest(batch: str, person: Person, why: str = "") -> Draft:
    """The draft, checked. Its sheet is the report’s *To fix*, and nothing that the batch did is sent again.

    `why`: what somebody found out about balances that nothing explains. A `CreditbatchError` says why there is none.
    """
    with tempfile.TemporaryDirectory(prefix="creditbatch-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / f"{batch}.xlsx"
        write_report(path, DatabaseLedger().view(batch))
        data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    file = StoredFile.objects.create(name=path.name, sha256=sha256, size=len(data), data=data)
    draft = Draft.objects.create(created_by=person, rest_of=batch)
    try:
        options = Options(again=bool(why), why=why)
        check_version(draft, Reading(file, Conventions()), options, person, made_by="rest")
    except BaseException:
        # Nothing is left of a draft that has no sheet.
        draft.delete()
        file.delete()
        raise
    return draft
