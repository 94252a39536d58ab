"""The hard shell of a real web server with the settings of a site that faces the world."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest
from django.conf import settings

from tests.isecg.mail.post import free_port

pytestmark = pytest.mark.processes

PATIENCE_SECONDS = 120
PASSWORD = "a long enough password"
EMAIL = "amina@example.org"
KEY = "c8k2f0-4b1d9e7a3c5f8b2d6e0a1c4f7b9d3e5a"
SEED = f"""
import django
django.setup()
from tests.factories import UserFactory
person = UserFactory(email="{EMAIL}")
person.set_password("{PASSWORD}")
person.save_as(None, "test")
"""
BROKEN = """
from isecg.wsgi import application as site
from django.urls import path
from isecg import urls

def fails(request, key):
    raise ValueError(f"nobody is {request.GET['who']} with {key} and token={request.GET['token']}")

fails.login_required = False
urls.urlpatterns.insert(0, path("fails/<str:key>/", fails))
application = site
"""


class Server:
    """A gunicorn with ``HTTPS=1``; what it says is in a file."""

    def __init__(self, place):
        self.port, self.log = free_port(), place / "log"
        (place / "broken_site.py").write_text(BROKEN)
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL", "EMAIL_URL"}
        } | {
            "ISECG_VAR": str(place),
            "ISECG_DEMO": "0",
            "HTTPS": "1",
            "DEBUG": "0",
            "ALLOWED_HOSTS": "127.0.0.1",
            "SECRET_KEY": settings.SECRET_KEY,
            "DJANGO_SETTINGS_MODULE": "isecg.settings",
            "PYTHONPATH": str(place),
        }

    def run(self, *arguments):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stderr

    def start(self):
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "broken_site", "--no-control-socket"),
                    *("--bind", f"127.0.0.1:{self.port}", "--workers", "1"),
                    *("--worker-class", "gthread", "--threads", "2"),
                ],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return
            except OSError:
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.1)

    def ask(self, method, path, *, body=None, secure=True, **headers):
        """Return the status, the headers and the body of an answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            if secure:
                headers["X-Forwarded-Proto"] = "https"
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode(errors="replace")
        finally:
            connection.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("shell"))
    server.run("manage.py", "migrate", "--verbosity=0")
    server.run("manage.py", "collectstatic", "--noinput", "--verbosity=0")
    server.run("-c", SEED)
    server.start()
    yield server
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(PATIENCE_SECONDS)


HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def cookies_of(headers):
    """Return the cookies of an answer: by name, the value and the set of attributes."""
    found = {}
    for line in headers.get_all("Set-Cookie", []):
        pair, *attributes = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        found[name] = (value, {one for one in attributes if not one.startswith(("expires", "Max"))})
    return found


def page_of_static(server):
    page = server.ask("GET", "/sign-in/")[2]
    return re.search(r'href="(/static/css/[^"]+)"', page)[1]


@pytest.mark.parametrize(
    ("path", "status", "kept"),
    [
        ("/sign-in/", 200, "max-age=0, no-cache, no-store, must-revalidate, private"),
        ("/profile/", 302, "no-store, private"),
        ("/nowhere/", 404, "no-store, private"),
        ("/static/nothing.css", 404, "no-store, private"),
        ("/healthz", 200, "no-store"),
        (f"/fails/{KEY}/?who={EMAIL}&token=hunter2", 500, "no-store, private"),
        ("static", 200, "max-age=315360000, public, immutable"),
    ],
)
def test_every_kind_of_answer_has_the_headers(server, path, status, kept):
    path = page_of_static(server) if path == "static" else path

    said, headers, _ = server.ask("GET", path)

    assert said == status
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert headers["Cache-Control"] == kept
    assert "upgrade-insecure-requests" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Permissions-Policy"].startswith("accelerometer=()")
    assert headers["Access-Control-Allow-Origin"] is None


def test_plain_http_is_led_to_https(server):
    status, headers, _ = server.ask("GET", "/profile/?q=x", secure=False)

    assert (status, headers["Location"]) == (301, f"https://127.0.0.1:{server.port}/profile/?q=x")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("secure", [True, False])
def test_a_foreign_host_is_refused_with_all_headers(server, secure):
    status, headers, page = server.ask("GET", "/sign-in/", secure=secure, Host="evil.example")

    assert status == 400
    assert "evil.example" not in page
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert {headers[name] for name in ("X-Content-Type-Options", "X-Frame-Options")} == {
        "nosniff",
        "DENY",
    }


def test_cookies_belong_to_this_host_alone(server):
    _, headers, page = server.ask("GET", "/sign-in/")
    fresh = cookies_of(headers)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    inputs = re.findall(r"<input[^>]*>", page)
    secret = next(re.search(r'name="(\w+)"', one)[1] for one in inputs if '"password"' in one)
    login = next(
        re.search(r'name="(\w+)"', one)[1]
        for one in inputs
        if re.search(r'type="(email|text)"', one)
    )
    planted = "planted0planted0planted0planted0"
    status, headers, _ = server.ask(
        "POST",
        "/sign-in/",
        body=urlencode({login: EMAIL, secret: PASSWORD, "csrfmiddlewaretoken": token}),
        **{
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"__Host-csrf={fresh['__Host-csrf'][0]}; __Host-session={planted}",
            "Referer": f"https://127.0.0.1:{server.port}/sign-in/",
        },
    )
    cookies = cookies_of(headers)
    session = cookies["__Host-session"][0]

    assert status == 302
    assert set(fresh) == {"__Host-csrf"}
    assert {"__Host-session"} <= set(cookies)
    assert all(name.startswith("__Host-") for name in cookies)
    for _value, attributes in cookies.values():
        assert attributes == {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"}
    # What somebody planted is not what the person got; the new one opens, the old one does not.
    assert session != planted
    for value, wanted in ((session, 200), (planted, 302)):
        status, headers, _ = server.ask("GET", "/profile/", Cookie=f"__Host-session={value}")
        assert status == wanted
    # Told that a sign-in has ended, in a cookie of this host too.
    assert set(cookies_of(headers)) == {"__Host-messages", "__Host-session"}


def test_log_lines_hold_neither_addresses_nor_tokens(server):
    server.ask("GET", f"/fails/{KEY}/?who={EMAIL}&token=hunter2")
    server.ask("GET", f"/people/{EMAIL}/{KEY}/?token=hunter2")
    server.ask("GET", "/sign-in/", Host=f"{KEY}.{EMAIL}")
    # What the web server itself refuses: a line with a word too many, a length that is none.
    for line, length in ((f"/x?q=a {EMAIL}&token=hunter2", "0"), ("/x", f"hunter2 {EMAIL}")):
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS) as visitor:
            visitor.sendall(f"GET {line} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode())
            assert visitor.recv(65536).startswith(b"HTTP/1.1 400")

    deadline = time.monotonic() + PATIENCE_SECONDS
    while (text := server.log.read_text()).count("Invalid request") < 2:
        assert time.monotonic() < deadline, text
        time.sleep(0.1)

    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    failed = [line for line in lines if line["event"] == "Internal Server Error: /fails/[token]/"]
    assert "nobody is [address] with [token] and token=[struck]" in failed[0]["exception"]
    for word in (EMAIL, "hunter2", KEY):
        assert word not in text
