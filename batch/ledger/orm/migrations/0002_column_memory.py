from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0001_ledger"),
    ]

    operations = [
        migrations.CreateModel(
            name="ColumnMemory",
            fields=[
                ("role", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("title", models.TextField()),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
