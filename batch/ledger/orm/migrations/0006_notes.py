"""Notes instead of English sentences: what the ledger says of a row or of a stop is a code with parameters.

The events stay as they were hashed; the columns beside them are made anew from what the events say.
"""

import json
from typing import Any

from django.db import migrations

from batch.ledger.old_sentences import read_reason, read_row_note
from batch.notes import Note, dump_note, make_note

_AT_ONCE = 1000
_KINDS = ("attempt-began", "attempt-ended", "row-settled", "row-doubted", "person-decided", "state-changed")


def write_notes(apps: Any, _schema_editor: Any) -> None:
    """Write the note of each row, and the reason of each batch, as its events have it."""
    batches = apps.get_model("ledger", "Batch").objects
    for name in batches.order_by("name").values_list("name", flat=True).iterator(_AT_ONCE):
        reason, notes = _read(apps.get_model("ledger", "Event").objects.filter(batch=name, kind__in=_KINDS))
        batches.filter(name=name).update(reason=dump_note(reason))
        lines = apps.get_model("ledger", "Movement").objects
        changed = []
        for line in lines.filter(batch=name).only("pk", "row", "note").iterator(_AT_ONCE):
            said = dump_note(notes.get(line.row))
            if said != line.note:
                line.note = said
                changed.append(line)
        lines.bulk_update(changed, ["note"], _AT_ONCE)


def _read(events: Any) -> tuple[Note | None, dict[int, Note | None]]:
    reason: Note | None = None
    notes: dict[int, Note | None] = {}
    for kind, stored in events.order_by("number").values_list("kind", "data").iterator(_AT_ONCE):
        data = json.loads(stored) if isinstance(stored, str) else stored
        match kind:
            case "state-changed":
                reason = read_reason(data)
            case "attempt-began":
                notes[data["row"]] = make_note("under-way")
            case "person-decided":
                code = "decided-applied" if data["applied"] else "decided-missing"
                notes[data["row"]] = make_note(code, who=data["who"], reason=data["why"])
            case _:
                notes[data["row"]] = read_row_note(data)
    return reason, notes


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_accounts")]
    operations = [migrations.RunPython(write_notes, migrations.RunPython.noop)]
