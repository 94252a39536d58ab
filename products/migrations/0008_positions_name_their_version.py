import django.db.models.deletion
from django.db import migrations, models

from isecg.database import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("products", "0007_position_versions")]

    operations = [
        migrations.AlterField(
            model_name="positionentry",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="positions",
                to="products.version",
            ),
        ),
        AppendOnly("PositionEntry"),
        AppendOnly("Decision"),
    ]
