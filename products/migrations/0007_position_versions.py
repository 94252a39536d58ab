from django.db import migrations

from isecg.database import Writable


def name_the_versions(apps, schema_editor):
    """Say of each position that it was given on the version of its call: there was one alone."""
    PositionEntry = apps.get_model("products", "PositionEntry")
    for call in apps.get_model("products", "Call").objects.filter(entries__isnull=False).distinct():
        PositionEntry.objects.filter(call=call).update(version=call.version_id)


class Migration(migrations.Migration):
    dependencies = [("products", "0006_consensus")]

    operations = [
        Writable("PositionEntry"),
        migrations.RunPython(name_the_versions, migrations.RunPython.noop),
    ]
