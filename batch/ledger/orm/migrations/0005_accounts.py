"""Accounts instead of keys: batches of one owner at one address belong to one account, whatever key they were run with.

A program of an older version that still runs: one that holds an account is waited for, since it knows nothing of the
accounts; the migration refuses to start, and says so. Afterwards an older program finds neither its table of leases nor
its columns: it stops with a sentence before it sends anything, and its site answers that the ledger cannot be read until
it is started anew.
"""

import os
import platform
from contextlib import suppress
from pathlib import Path
from typing import Any

import django.db.models.deletion
import psutil
from django.db import migrations, models
from django.utils import timezone

from batch.errors import LedgerError
from batch.i18n import _
from batch.planning.account_identity import normalize_address

_SAME_START = 2.0
_Thing = tuple[str, str, str]
"""An address, a kind of thing there (batch, key, owner, token), and its name."""


def refuse_while_held(apps: Any, schema_editor: Any) -> None:
    """Wait for whoever runs a batch with an older version; nobody begins to meanwhile."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("LOCK TABLE ledger_lease IN ACCESS EXCLUSIVE MODE")
    for lease in apps.get_model("ledger", "Lease").objects.all():
        if _may_run(lease):
            raise LedgerError(
                _(
                    "An older version of the program is running a batch on {host} (process {pid}), and the ledger is "
                    "brought up to date only when it has ended: wait for that, then try again."
                ).format(host=lease.host, pid=lease.pid)
            )


def _may_run(lease: Any) -> bool:
    """As the older version decides it: by its process on this machine, by the end of its lease on another."""
    space = ""
    with suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    if lease.machine != f"{platform.node() or 'this computer'} {space}".strip():
        return bool(lease.until >= timezone.now())
    if lease.pid == os.getpid():
        return False
    try:
        process = psutil.Process(lease.pid)
        same = bool(abs(process.create_time() - lease.started) <= _SAME_START)
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def number_batches(apps: Any, _schema_editor: Any) -> None:
    """Count the batches as they were accepted, and keep what was chosen for each beside it."""
    batches = apps.get_model("ledger", "Batch").objects
    events = apps.get_model("ledger", "Event").objects.filter(number=1)
    chosen = {name: data.get("options", []) for name, data in events.values_list("batch_id", "data").iterator()}
    for number, name in enumerate(batches.order_by("created_at", "name").values_list("name", flat=True), start=1):
        batches.filter(name=name).update(number=number, options=chosen.get(name, []))


def group_batches(apps: Any, schema_editor: Any) -> None:
    """Make one account of the batches at one address that share a key, an owner's name or a sub-account."""
    batches = list(
        apps.get_model("ledger", "Batch")
        .objects.order_by("number")
        .values_list("name", "api_url", "key_fingerprint", "owner", "created_at")
    )
    readings = apps.get_model("ledger", "Reading").objects.filter(token__isnull=False)
    groups = _Groups()
    for name, api_url, fingerprint, owner, _created_at in batches:
        address = normalize_address(api_url)
        groups.join((address, "batch", name), (address, "key", fingerprint))
        if owner.strip():
            groups.join((address, "batch", name), (address, "owner", owner.strip().casefold()))
    addresses = {name: normalize_address(api_url) for name, api_url, *_rest in batches}
    for name, token in readings.values_list("batch_id", "token").distinct().iterator():
        groups.join((addresses[name], "batch", name), (addresses[name], "token", token))
    _store(apps, batches, groups)
    if schema_editor.connection.vendor == "postgresql":
        # Otherwise the tables cannot be changed further in this commit.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")


class _Groups:
    """Things that belong together, joined two by two."""

    def __init__(self) -> None:
        self._leaders: dict[_Thing, _Thing] = {}

    def join(self, one: _Thing, other: _Thing) -> None:
        self._leaders[self.leader(one)] = self.leader(other)

    def leader(self, thing: _Thing) -> _Thing:
        leader = self._leaders.setdefault(thing, thing)
        while leader != self._leaders[leader]:
            self._leaders[leader] = leader = self._leaders[self._leaders[leader]]
        return leader


def _store(apps: Any, batches: list[Any], groups: _Groups) -> None:
    account_model, key_model = apps.get_model("ledger", "Account"), apps.get_model("ledger", "AccountKey")
    table = apps.get_model("ledger", "Batch").objects
    accounts: dict[_Thing, Any] = {}
    for name, api_url, fingerprint, owner, created_at in batches:
        address = normalize_address(api_url)
        leader = groups.leader((address, "batch", name))
        account = accounts.get(leader)
        if account is None:
            account = accounts[leader] = account_model.objects.create(address=address, name="", created_at=created_at)
        if owner.strip() and account.name != owner.strip():
            # The newest batch knows it best.
            account.name = owner.strip()
            account.save()
        key_model.objects.get_or_create(
            address=address, fingerprint=fingerprint, defaults={"account": account, "first_used_at": created_at}
        )
        table.filter(name=name).update(account=account)


def keep_titles(apps: Any, _schema_editor: Any) -> None:
    """Titles that were named for columns held for every account; with none, they are nobody's yet."""
    titles = apps.get_model("ledger", "ColumnTitle").objects
    accounts = list(apps.get_model("ledger", "Account").objects.all()) or [None]
    for kept in apps.get_model("ledger", "ColumnMemory").objects.all():
        for account in accounts:
            titles.create(account=account, role=kept.role, title=kept.title, at=kept.at)


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0004_movements_by_token"),
    ]

    operations = [
        migrations.RunPython(refuse_while_held, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.TextField(db_index=True)),
                ("name", models.TextField(blank=True)),
                ("tokens", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="AccountKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.TextField()),
                ("fingerprint", models.CharField(max_length=16)),
                ("first_used_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="keys", to="ledger.account"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("address", "fingerprint"), name="one_account_a_key"),
                ],
            },
        ),
        migrations.RenameField(model_name="batch", old_name="account", new_name="owner"),
        migrations.AddField(
            model_name="batch",
            name="account",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="batches", to="ledger.account"
            ),
        ),
        migrations.AddField(
            model_name="batch", name="number", field=models.PositiveBigIntegerField(db_index=True, null=True)
        ),
        migrations.AddField(model_name="batch", name="options", field=models.JSONField(default=list)),
        migrations.RunPython(number_batches, migrations.RunPython.noop),
        migrations.RunPython(group_batches, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="batch",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="batches", to="ledger.account"
            ),
        ),
        migrations.AlterField(model_name="batch", name="number", field=models.PositiveBigIntegerField(db_index=True)),
        migrations.DeleteModel(name="Lease"),
        migrations.CreateModel(
            name="Lease",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="ledger.account",
                    ),
                ),
                ("fence", models.PositiveBigIntegerField()),
                ("is_held", models.BooleanField()),
                ("machine", models.TextField()),
                ("boot", models.TextField()),
                ("host", models.TextField()),
                ("pid", models.PositiveIntegerField()),
                ("started", models.FloatField()),
                ("batch", models.CharField(max_length=64, null=True)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
            ],
            options={"db_table": "ledger_account_lease"},
        ),
        migrations.CreateModel(
            name="ColumnTitle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=16)),
                ("title", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.account"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("account", "role"), name="one_title_a_role")],
            },
        ),
        migrations.RunPython(keep_titles, migrations.RunPython.noop),
        migrations.DeleteModel(name="ColumnMemory"),
    ]
