"""A demo of its own, served by real processes, for the tests that look at it."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from products.demo.people import BY_KEY, DOMAIN, PASSWORD
from tests.openid.process import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
# Whoever has an app from the start, and the key that all of them have in it.
WITH_APP = ("secretariat", "desk", "alternate")
APP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
# In the demo only those with a sign-in on the first page have a password.
GIVE_PASSWORDS_AND_APPS = """
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.hashers import make_password
from workgroups.models import User
password, addresses, secret = arguments
hashed = make_password(password)
for person in User.objects.filter(is_active=True):
    person.password = hashed
    person.save_as(None, "For the tests.")
for person in User.objects.filter(email__in=addresses):
    TOTP.activate(person, secret)
"""
SERVICES = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")


class DemoSite:
    """The address of a served demo, and ways to sign in to it."""

    def __init__(self, url, manage):
        self.url = url
        self.manage = manage

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
        person = BY_KEY[key]
        self.give_password(page, person.email)
        page.get_by_text(person.shown).first.wait_for()

    def give_password(self, page, address, password=PASSWORD):
        page.goto("/sign-in/")
        page.get_by_label("Address").fill(address)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()

    def shell(self, code, *arguments):
        """Run ``code`` in the site, with ``arguments`` as its ``arguments``."""
        return self.manage("shell", "--command", f"arguments = {arguments!r}\n{code}")


@pytest.fixture(scope="session")
def demo_site(tmp_path_factory):
    """Serve a fresh demo, with the reference data and the story in it."""
    with served_demo(tmp_path_factory.mktemp("demo"), free_port()) as site:
        yield site


@pytest.fixture(scope="session")
def guarded_site(tmp_path_factory, guarded_port, openid_provider):
    """Serve a demo whose sign-in is as strict as a real site's, with an agency's provider."""
    provider = {"key": "esa", "name": "ESA", "domains": [DOMAIN], **openid_provider.client}
    rules = {
        "ISECG_SECOND_FACTOR": "head,alternate,chair,secretariat,superuser",
        "ISECG_REAUTHENTICATE_MINUTES": "60",
        "ISECG_OIDC": json.dumps([provider]),
    }
    with served_demo(tmp_path_factory.mktemp("guarded"), guarded_port, **rules) as site:
        addresses = [BY_KEY[key].email for key in WITH_APP]
        site.shell(GIVE_PASSWORDS_AND_APPS, PASSWORD, addresses, APP_SECRET)
        yield site


@contextmanager
def served_demo(place, port, **rules):
    """Serve a fresh demo from ``place``, by other ``rules`` than those of the tests."""
    # A name and not a number: a passkey belongs to a name.
    url = f"http://localhost:{port}"
    env = {name: value for name, value in os.environ.items() if name not in SERVICES}
    env |= {"ISECG_DEMO": "1", "ISECG_VAR": str(place), "HTTPS": "0", "SITE_URL": url} | rules

    def manage(*arguments):
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=env,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    manage("migrate")
    manage("load_reference", "data/isecg.json")
    manage("load_demo")
    manage("tick")
    manage("collectstatic", "--noinput")
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
        yield DemoSite(url, manage)
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
