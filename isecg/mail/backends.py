"""Where letters go when there is no mail server."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class KeepBackend(BaseEmailBackend):
    """Take letters and send them nowhere: they stay readable on the mailbox page."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Return the number of messages, all of them taken."""
        return len(email_messages)
