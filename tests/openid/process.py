"""The provider's process: how it is started and ended, and how a test speaks with it."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.openid.names import FILE, PASSWORD

ROOT = Path(__file__).resolve().parent.parent.parent
CLIENT_ID, SECRET = "tracker", "a secret between the two sites"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class OpenIDProvider:
    """A served provider."""

    def __init__(self, place, port):
        self.place, self.origin = place, f"http://localhost:{port}"
        # What a site that signs people in through it has to know.
        self.client = {
            "server_url": f"{self.origin}/o",
            "client_id": CLIENT_ID,
            "secret": SECRET,
        }

    def know(self, **people):
        """Have the provider know ``people``, by name, with the claims it makes about each."""
        (self.place / FILE).write_text(json.dumps(people))

    def confirm(self, address, username):
        """Follow ``address`` as the browser of a person; return where the provider leads back."""
        with requests.Session() as browser:
            asked = browser.get(address, timeout=10)
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', asked.text)[1]
            typed = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": token}
            answer = browser.post(asked.url, typed, allow_redirects=False, timeout=10)
            answer = browser.get(
                f"{self.origin}{answer.headers['Location']}", allow_redirects=False, timeout=10
            )
            return answer.headers["Location"]


@contextmanager
def served(place, *, leads_back_to):
    """Serve a provider that leads people back to the addresses ``leads_back_to``."""
    port = free_port()
    _make_key(place / "key.pem")
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.openid.settings",
        "OPENID_PLACE": str(place),
        "OAUTHLIB_INSECURE_TRANSPORT": "1",
    }
    provider = OpenIDProvider(place, port)
    provider.know()
    manage = [sys.executable, "-m", "django"]
    _run([*manage, "migrate", "--verbosity=0"], env)
    _run(
        [
            *(*manage, "createapplication", "confidential", "authorization-code"),
            *("--client-id", CLIENT_ID, "--client-secret", SECRET, "--algorithm", "RS256"),
            *("--redirect-uris", " ".join(leads_back_to), "--skip-authorization"),
        ],
        env,
    )
    with (place / "provider.log").open("w") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "tests.openid.wsgi", "--no-control-socket"),
                *("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "4"),
            ],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=log,
        )
        try:
            _wait_for(provider, server, place / "provider.log")
            yield provider
        finally:
            server.terminate()
            server.wait(timeout=20)


def _make_key(path):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _run(command, env):
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _wait_for(provider, server, log, *, tries=300):
    address = f"{provider.origin}/o/.well-known/openid-configuration"
    for _ in range(tries):
        assert server.poll() is None, f"The provider ended: {log.read_text()}"
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own server
                return
        except urllib.error.HTTPError as error:
            error.close()
            raise
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"The provider does not answer: {log.read_text()}")
