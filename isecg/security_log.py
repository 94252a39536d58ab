"""Who signed in, who out, and who could not: one line each, with keys and never addresses."""

from typing import Any

import structlog
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

log = structlog.get_logger(__name__)


@receiver(user_logged_in)
def signed_in(user: Any, **_given: Any) -> None:
    log.info("sign_in.done", person=user.pk)


@receiver(user_logged_out)
def signed_out(user: Any, **_given: Any) -> None:
    log.info("sign_out.done", person=user.pk if user is not None else None)


@receiver(user_login_failed)
def refused(**_given: Any) -> None:
    # Who it was to be is an address, and what was typed may be a password in the wrong field.
    log.warning("sign_in.refused")
