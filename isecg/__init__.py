"""The ground floor: wiring, and what any consensus tracker needs."""

from isecg.celery import app as celery_app

__all__ = ["celery_app"]
