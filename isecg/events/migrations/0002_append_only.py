"""The tables whose rows are written once refuse changes (rules 13, 22 and 49)."""

from django.db import migrations

from isecg.database import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]

    operations = [
        AppendOnly("Event"),
    ]
