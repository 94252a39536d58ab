"""The first tables of this app."""

import django.db.models.deletion
import isecg.clock
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('workgroups', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('ticked_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='heartbeat_is_one_row')],
            },
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(help_text='As it was when the letter was queued.', max_length=254)),
                ('kind', models.CharField(max_length=60)),
                ('key', models.CharField(help_text='One row per occurrence, recipient and channel.', max_length=300, unique=True)),
                ('about', models.CharField(db_index=True, max_length=100)),
                ('subject', models.CharField(max_length=250)),
                ('text', models.TextField()),
                ('html', models.TextField(blank=True)),
                ('why', models.TextField(help_text='Why this person gets this letter.')),
                ('message_id', models.CharField(max_length=200, unique=True)),
                ('thread_id', models.CharField(max_length=200)),
                ('list_id', models.CharField(max_length=200)),
                ('attachments', models.JSONField(blank=True, default=list)),
                ('due_at', models.DateTimeField()),
                ('created_at', models.DateTimeField(default=isecg.clock.now)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('sent', 'Sent'), ('failed', 'Failed'), ('dropped', 'Dropped')], default='queued', max_length=10)),
                ('claimed_by', models.CharField(blank=True, max_length=32)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('claims', models.PositiveIntegerField(default=0, help_text='Claims without an end: each crash of a worker leaves one.')),
                ('failures', models.PositiveIntegerField(default=0, help_text='Tries that were refused.')),
                ('next_try_at', models.DateTimeField(blank=True, null=True)),
                ('last_error', models.TextField(blank=True)),
                ('note', models.TextField(blank=True, help_text='Why it was dropped.')),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='letters', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['due_at', 'pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['due_at', 'id'], name='letter_pending')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'sent', 'failed', 'dropped'])), name='letter_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent'), ('sent_at__isnull', False)), models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', True)), _connector='OR'), name='letter_sent_at_iff_sent'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'dropped'), _negated=True), models.Q(('note', ''), _negated=True), _connector='OR'), name='letter_dropped_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), _negated=True), models.Q(('last_error', ''), _negated=True), _connector='OR'), name='letter_failed_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('claimed_by', ''), ('lease_until__isnull', True)), models.Q(models.Q(('claimed_by', ''), _negated=True), ('lease_until__isnull', False)), _connector='OR'), name='letter_claim_has_a_lease')],
            },
        ),
    ]
