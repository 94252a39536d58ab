"""The Celery application: it carries wake-ups, never facts."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "isecg.settings")

app = Celery("isecg")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
