"""When a row's last attempt began, which is when its credit moved; and no code of an answer where none came."""

import json
from datetime import datetime
from typing import Any

from django.db import migrations, models

_AT_ONCE = 1000
_FOUND_OUT = ("row-settled", "person-decided")
_KINDS = ("attempt-began", "attempt-ended", "row-doubted", *_FOUND_OUT)


def read_attempts(apps: Any, _schema_editor: Any) -> None:
    """Write the moment of each row's last attempt, as its events have it, and remove codes that nobody answered."""
    batches, lines = apps.get_model("ledger", "Batch").objects, apps.get_model("ledger", "Movement").objects
    for name in batches.order_by("name").values_list("name", flat=True).iterator(_AT_ONCE):
        attempts, found_out = _read(apps.get_model("ledger", "Event").objects.filter(batch=name, kind__in=_KINDS))
        changed = []
        for line in lines.filter(batch=name).only("pk", "row", "status", "code").iterator(_AT_ONCE):
            if line.row in attempts:
                line.attempted_at = attempts[line.row]
                if line.status == "done" and line.row in found_out:
                    line.code = None
                changed.append(line)
        lines.bulk_update(changed, ["attempted_at", "code"], _AT_ONCE)


def _read(events: Any) -> tuple[dict[int, datetime], set[int]]:
    """Give the moment of each row's last attempt, and the rows that the balances or a person spoke of last."""
    attempts: dict[int, datetime] = {}
    found_out: set[int] = set()
    for kind, at, stored in events.order_by("number").values_list("kind", "at", "data").iterator(_AT_ONCE):
        row = (json.loads(stored) if isinstance(stored, str) else stored)["row"]
        if kind == "attempt-began":
            attempts[row] = at
        (found_out.add if kind in _FOUND_OUT else found_out.discard)(row)
    return attempts, found_out


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_sheet_files")]
    operations = [
        migrations.AddField("Movement", "attempted_at", models.DateTimeField(null=True)),
        migrations.RunPython(read_attempts, migrations.RunPython.noop),
    ]
