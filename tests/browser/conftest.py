"""A demo of its own, served by real processes, for the tests that look at it."""

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from products.demo.people import PASSWORD, SIGN_INS

ROOT = Path(__file__).resolve().parent.parent.parent
SERVICES = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class DemoSite:
    """The address of a served demo, and ways to sign in to it."""

    def __init__(self, url):
        self.url = url

    def context(self, browser, *, theme="light", width=1280, script=True):
        return browser.new_context(
            base_url=self.url,
            color_scheme=theme,
            viewport={"width": width, "height": 900},
            java_script_enabled=script,
            # A colour that is still changing would be measured half-way.
            reduced_motion="reduce",
        )

    def sign_in(self, page, key):
        person = next(person for person in SIGN_INS if person.person.key == key)
        page.goto("/sign-in/")
        page.get_by_label("Address").fill(person.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text(person.name).first.wait_for()


@pytest.fixture(scope="session")
def demo_site(tmp_path_factory):
    """Serve a fresh demo, with the reference data and the story in it."""
    place = tmp_path_factory.mktemp("demo")
    env = {name: value for name, value in os.environ.items() if name not in SERVICES}
    env |= {"ISECG_DEMO": "1", "ISECG_VAR": str(place), "HTTPS": "0"}

    def manage(*arguments):
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=env,
            check=True,
            capture_output=True,
            text=True,
        )

    manage("migrate")
    manage("load_reference", "data/isecg.json")
    manage("load_demo")
    manage("tick")
    manage("collectstatic", "--noinput")
    port = free_port()
    log = (place / "web.log").open("w")
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "isecg.wsgi", "--bind", f"127.0.0.1:{port}"),
            *("--worker-class", "gthread", "--threads", "4", "--no-control-socket"),
        ],
        cwd=ROOT,
        env=env,
        stdout=log,
        stderr=log,
    )
    try:
        wait_until_served(f"http://127.0.0.1:{port}/healthz", server, place / "web.log")
        yield DemoSite(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()


def wait_until_served(url, server, log, *, tries=300):
    for _ in range(tries):
        if server.poll() is not None:
            pytest.fail(f"The web server ended: {log.read_text()}", pytrace=False)
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            # A refused connection comes back at once: leave the server the processor.
            server_wait(server)
    pytest.fail(f"The web server does not answer: {log.read_text()}", pytrace=False)


def server_wait(server):
    try:
        server.wait(timeout=0.1)
    except subprocess.TimeoutExpired:
        return
