"""``manage.py up``: a whole site on one machine, in one window."""

import hashlib
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from isecg import supervisor

HOST = "127.0.0.1"


class Command(BaseCommand):
    help = "Prepare the database, then serve the site with its worker and its clock."

    def handle(self, *_args: Any, **_options: Any) -> None:
        number = _port_number(settings.PORT)
        try:
            listener = supervisor.listen(HOST, number)
        except supervisor.PortError as error:
            raise CommandError(str(error)) from error
        with listener:
            try:
                self._prepare()
            except KeyboardInterrupt:
                self._say("Stopped before it was ready.")
                sys.exit(130)
            children = supervisor.site(listener, Path(settings.VAR_DIR))
            supervisor.Supervisor(children, self._say).run(
                first_page=lambda: supervisor.answers(HOST, number),
                greet=lambda: self._greet(number),
            )
        self._say("Stopped. The data is kept.")

    def _say(self, line: str) -> None:
        """Print a line at once, into a pipe too."""
        self.stdout.write(line)
        self.stdout.flush()

    def _prepare(self) -> None:
        # Stands for as long as the demo story is half told: a start that was cut short there
        # must not leave a tracker that looks complete.
        half_told = Path(settings.VAR_DIR) / "demo-half-told"
        if half_told.exists():
            self._forget_half_a_demo(half_told)
        call_command("migrate", verbosity=0, interactive=False)
        _collect_static()
        if settings.DEMO and not get_user_model().objects.exists():
            self._say("Loading the reference data and the demo story ...")
            half_told.touch()
            call_command("load_reference", str(settings.BASE_DIR / "data" / "isecg.json"))
            call_command("load_demo")
            half_told.unlink()

    def _forget_half_a_demo(self, half_told: Path) -> None:
        if not settings.ON_SQLITE:
            raise CommandError(
                "The demo story was cut short while it was loaded: empty the database, remove "
                f"{half_told}, and start again."
            )
        self._say("The last start was cut short while it loaded the demo: starting afresh.")
        connection.close()
        database = Path(settings.DATABASES["default"]["NAME"])
        for suffix in ("", "-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        half_told.unlink()

    def _greet(self, port: int) -> None:
        self._say(f"\nThe ISECG tracker is at http://localhost:{port}/\n\n")
        if settings.DEMO:
            call_command("load_demo", "--sign-ins")
        self._say("\nCtrl-C ends it.\n")


def _port_number(text: str) -> int:
    """Read the number of a port.

    :raises CommandError: if it is none.
    """
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CommandError(f"“{text}” is not a port: choose a number from 1024 to 65535.")
    return int(text)


def _collect_static() -> None:
    """Collect the static files, if any has changed since the last time."""
    lines = []
    for finder in get_finders():
        for path, storage in finder.list([]):
            file = Path(storage.path(path)).stat()
            lines.append(f"{path} {file.st_size} {file.st_mtime_ns}")
    fingerprint = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    note = Path(settings.STATIC_ROOT).with_name("static-fingerprint")
    if not note.exists() or note.read_text() != fingerprint:
        call_command("collectstatic", verbosity=0, interactive=False)
        note.write_text(fingerprint)
