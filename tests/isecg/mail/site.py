"""A whole site of its own for a test: database, broker, worker and beat as real processes."""

import json
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings

from tests.isecg.mail.post import free_port

PROJECT = Path(__file__).resolve().parents[3]
PATIENCE = 120
BEGIN = """
import json, sys
import django
django.setup()
from datetime import timedelta
from django.contrib.auth import get_user_model
from isecg import clock
from isecg.mail.models import Heartbeat, Letter
from isecg.mail.outbox import Notice, enqueue, wake
User = get_user_model()
"""


class Site:
    """Runs on SQLite and files; on PostgreSQL and Redis where the tests do."""

    def __init__(self, place):
        self.place, self.processes = place, []
        self.smtp_port = free_port()
        self.name = f"site_{secrets.token_hex(6)}"
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.isecg.mail.planned.settings",
            "ISECG_VAR": str(place),
            "DATABASE_URL": self._make_database(),
            "TEST_KEY_PREFIX": self.name,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "EMAIL_TIMEOUT": "5",
            "TICK_SECONDS": "1",
        }
        self.call("-m", "django", "migrate", "--verbosity=0")

    def _make_database(self):
        if settings.ON_SQLITE:
            return f"sqlite:///{self.place / 'site.sqlite3'}"
        url = os.environ["DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {self.name}")
        return urlsplit(url)._replace(path=f"/{self.name}").geturl()

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        if not settings.ON_SQLITE:
            with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
                server.execute(f"DROP DATABASE {self.name} WITH (FORCE)")

    def call(self, *arguments):
        """Run one command to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, code):
        """Run code on the site, in a process of its own; return what it stored in ``answer``."""
        printed = self.call("-c", f"{BEGIN}\nanswer = None\n{code}\nprint(json.dumps(answer))")
        return json.loads(printed.splitlines()[-1])

    def worker(self, *, threads):
        """Start a worker."""
        return self._start(
            "worker", "-P", "threads", "-c", str(threads), "--without-gossip", "--without-mingle"
        )

    def beat(self):
        """Start what ticks, once a second."""
        return self._start("beat", "--pidfile=")

    def _start(self, *arguments):
        with (self.place / f"{arguments[0]}.log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "isecg", *arguments],
                cwd=PROJECT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def stop(self, process):
        """Ask a process to finish what it does, and wait for its end."""
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
