"""The site's settings, with a room that plans letters and a queue of its own."""

import os

from isecg.settings import *  # noqa: F403 - that is what it is for
from isecg.settings import CELERY_BROKER_TRANSPORT_OPTIONS, INSTALLED_APPS, REDIS_URL

INSTALLED_APPS = [*INSTALLED_APPS, "tests.isecg.mail.planned"]
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = os.environ["TEST_KEY_PREFIX"]
