"""Mandates for one product, and the yearly confirmation of a seat (rules 4 and 5)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from isecg.database import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('workgroups', '0007_liaison_contacts'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalmandate',
            name='limited_to',
            field=models.CharField(blank=True, help_text='Leave empty for a mandate that holds for everything.', max_length=40),
        ),
        migrations.AddField(
            model_name='mandate',
            name='limited_to',
            field=models.CharField(blank=True, help_text='Leave empty for a mandate that holds for everything.', max_length=40),
        ),
        migrations.CreateModel(
            name='SeatConfirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('on_behalf', models.BooleanField(default=False)),
                ('holders', models.JSONField()),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='seat_confirmations', to='workgroups.agency')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='seat_confirmations', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['agency', '-at', '-id'],
                'indexes': [models.Index(fields=['agency', 'at'], name='seat_confirmation_last')],
            },
        ),
        AppendOnly("SeatConfirmation"),
    ]
