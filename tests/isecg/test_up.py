"""``manage.py up`` as a newcomer runs it: real processes, real signals."""

import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.conf import settings

# Long, for a machine that is busy with other tests; nothing waits longer than it must.
PATIENCE_SECONDS = 240


def wait_until(question):
    """Return what ``question`` answers once that is true; fail when patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := question()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return answer


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Where nobody buries orphans the dead keep their number.
    stat = Path(f"/proc/{pid}/stat")
    with suppress(OSError):
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    return True


class Site:
    """A site in a directory of its own."""

    def __init__(self, var, **environment):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.var = var
        self.log = var / "log"
        embedded = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL", "EMAIL_URL"}
        }
        self.environment = embedded | {
            "ISECG_VAR": str(var),
            "PORT": str(self.port),
            "ISECG_DEMO": "0",
            "SECRET_KEY": settings.SECRET_KEY,
            "ALLOWED_HOSTS": "127.0.0.1",
            "HTTPS": "0",
            **environment,
        }

    def manage(self, *arguments):
        """Run one command to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )

    @contextmanager
    def up(self):
        """Have the site up, all three of its children started."""
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(lambda: self.pid_of("beat"))
            yield
        finally:
            if self.process.poll() is None:
                self.process.terminate()
                self.process.wait(PATIENCE_SECONDS)

    def pids(self, name):
        return [int(pid) for pid in re.findall(rf"{name} \| process (\d+)", self.log.read_text())]

    def pid_of(self, name):
        """Return the newest process of one child."""
        assert self.process.poll() is None, self.log.read_text()
        return (self.pids(name) or [None])[-1]

    def get(self, path):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """Migrate once: it takes longer than all the rest."""
    var = tmp_path_factory.mktemp("migrated")
    result = Site(var).manage("migrate")
    assert result.returncode == 0, result.stderr
    return var


@pytest.fixture
def site(tmp_path, migrated):
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
    site = Site(tmp_path)
    with site.up():
        yield site


def refuses(site):
    with socket.socket() as visitor:
        return visitor.connect_ex(("127.0.0.1", site.port)) == errno.ECONNREFUSED


def all_pids(site):
    return [pid for name in ("web", "worker", "beat") for pid in site.pids(name)]


@pytest.mark.processes
def test_up_serves_mends_and_ends(site):
    assert site.get("/healthz") == 200

    first = {name: site.pid_of(name) for name in ("web", "worker", "beat")}
    for pid in first.values():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: all(len(site.pids(name)) == 2 for name in first))

    # Asked while the web server is away, the question waits in the supervisor's own socket.
    assert site.get("/healthz") == 200
    assert not any(is_alive(pid) for pid in first.values())

    site.process.send_signal(signal.SIGINT)

    assert site.process.wait(20) == 0
    assert [pid for pid in all_pids(site) if is_alive(pid)] == []
    assert refuses(site)
    lines = site.log.read_text().splitlines()
    assert lines[-1] == "Stopped. The data is kept."
    assert lines.index(f"   web | process {first['web']}") < lines.index(
        f"The ISECG tracker is at http://localhost:{site.port}/"
    )
    # The page is served before the worker is even started.
    assert lines.index(f"The ISECG tracker is at http://localhost:{site.port}/") < lines.index(
        f"worker | process {first['worker']}"
    )


@pytest.mark.processes
def test_children_end_with_a_killed_supervisor(site):
    site.process.kill()
    site.process.wait()

    wait_until(lambda: not any(is_alive(pid) for pid in all_pids(site)))
    # The web server's own workers held the socket too.
    wait_until(lambda: refuses(site))


@pytest.mark.processes
def test_the_demo_is_told_once_and_whole(tmp_path):
    # What a start leaves behind that was cut short in the middle of the story.
    (tmp_path / "demo-half-told").touch()
    (tmp_path / "tracker.sqlite3").write_bytes(b"half a story")
    site = Site(tmp_path, ISECG_DEMO="1")

    with site.up():
        first = site.log.read_text()
    with site.up():
        second = site.log.read_text()
        page = site.get("/")

    assert first.startswith("The last start was cut short while it loaded the demo")
    assert "The demo story is told" in first
    assert "demo story" not in second
    assert "the password is" in second
    assert page == 302
    assert not (tmp_path / "demo-half-told").exists()


@pytest.mark.parametrize(
    ("port", "sentence"),
    [
        (None, "is in use: stop what uses it, or choose another, as in “PORT=9000”."),
        ("http", "“http” is not a port: choose a number from 1024 to 65535."),
        ("70000", "“70000” is not a port: choose a number from 1024 to 65535."),
    ],
)
def test_up_refuses_a_port_before_anything_starts(tmp_path, port, sentence):
    site = Site(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        site.environment["PORT"] = port or str(taken.getsockname()[1])

        result = site.manage("up")

    assert result.returncode == 1
    assert result.stderr.strip().splitlines() == [result.stderr.strip()]
    assert result.stderr.strip().endswith(sentence)
    assert not (tmp_path / "tracker.sqlite3").exists()
