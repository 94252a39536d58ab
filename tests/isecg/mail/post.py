"""What the mail tests share: notices, a mail server that is real, one that is scripted."""

import socket
from collections import defaultdict
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from queue import Queue

from aiosmtpd.controller import Controller
from django.core.mail.backends.base import BaseEmailBackend

from isecg import clock
from isecg.mail.models import Letter
from isecg.mail.outbox import Notice, enqueue
from tests.factories import UserFactory


def make_notice(**fields):
    fields.setdefault("recipient", None)
    if fields["recipient"] is None:
        fields["recipient"] = UserFactory()
    return Notice(
        **{
            "kind": "test.reminder",
            "occurrence": "meeting:42@2026-03-01",
            "about": "meeting:42",
            "subject": "Teleconference tomorrow",
            "text": "The agenda is on the meeting's page.",
            "why": "You are invited to this teleconference.",
            "thread": "meeting:42",
            "due_at": clock.now() - timedelta(minutes=1),
        }
        | fields
    )


def make_letter(**fields):
    """Queue one letter; what is no field of a notice is set on the row."""
    of_row = {
        name: fields.pop(name) for name in list(fields) if name not in Notice.__dataclass_fields__
    }
    notice = make_notice(**fields)
    assert enqueue([notice]) == 1
    Letter.objects.filter(key=notice.key).update(**of_row)
    return Letter.objects.get(key=notice.key)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Recorder:
    """Keeps what arrives; ``on_data`` may refuse it or do worse."""

    def __init__(self, on_data=None):
        self.arrived = Queue()
        self.on_data = on_data

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 aiosmtpd's name
        message = message_from_bytes(envelope.content, policy=default)
        answer = self.on_data(message) if self.on_data else None
        self.arrived.put((envelope.rcpt_tos, message))
        return answer or "250 OK"


def serve(recorder, port):
    """Return a real mail server that runs inside a ``with``."""
    controller = Controller(recorder, hostname="127.0.0.1", port=port)

    class Running:
        def __enter__(self):
            controller.start()
            return recorder

        def __exit__(self, *_):
            controller.stop()

    return Running()


class ScriptedBackend(BaseEmailBackend):
    """A mail server that fails as it is told: errors by address, or when opened."""

    errors = defaultdict(list)
    down = None
    taken = []

    @classmethod
    def reset(cls):
        cls.errors, cls.down, cls.taken = defaultdict(list), None, []

    def open(self):
        if self.down:
            raise self.down

    def send_messages(self, email_messages):
        for message in email_messages:
            (address,) = message.to
            if self.errors[address]:
                raise self.errors[address].pop(0)
            self.taken.append((address, message.message()["Message-ID"]))
        return len(email_messages)
