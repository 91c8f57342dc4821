"""A job says by which start of a machine its worker is counted.

A worker of an older version that still runs leaves it empty: whether it lives is then told by its lease.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0002_queue")]

    operations = [
        migrations.AddField(model_name="job", name="boot", field=models.TextField(blank=True, db_default="")),
    ]
