"""The table in which every process counts how often somebody tried to sign in."""

from django.core.management import call_command
from django.db import migrations


def make(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE isecg_cache")


class Migration(migrations.Migration):
    dependencies = [("workgroups", "0003_coming_in")]

    operations = [migrations.RunPython(make, drop)]
