from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("products", "0008_positions_name_their_version")]

    operations = [
        migrations.AddField(
            model_name="carryover",
            name="contest_source",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="historicalcarryover",
            name="contest_source",
            field=models.TextField(blank=True),
        ),
        migrations.AddConstraint(
            model_name="carryover",
            constraint=models.CheckConstraint(
                condition=models.Q(contest_source="") | ~models.Q(contest=""),
                name="carry_over_source_of_contest",
            ),
        ),
    ]
