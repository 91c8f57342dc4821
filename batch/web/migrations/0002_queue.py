"""A start waits for the batch before it; what repeats a list is said by the findings alone.

A site or a worker of an older version that still runs asks for the column that is gone: it answers that the database
cannot be read, and starts nothing, until it is started anew. The ledger's own migration waits for whoever runs a batch.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("web", "0001_initial"),
        ("ledger", "0005_accounts"),
    ]

    operations = [
        migrations.RemoveField(model_name="version", name="repeats"),
        migrations.AddField(model_name="job", name="waits_for", field=models.CharField(blank=True, max_length=64)),
    ]
