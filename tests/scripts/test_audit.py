"""The audit of dependencies: pip-audit itself, asked about a stand-in for the data."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from threading import Thread

import pytest
from django.conf import settings

from tests.isecg.mail.post import free_port

# Without it ``make check`` fails by itself, and says so.
needs_pip_audit = pytest.mark.skipif(find_spec("pip_audit") is None, reason="needs pip-audit")

LOCKED = "django==5.2.1 \\\n    --hash=sha256:" + "0" * 64 + "\n"
LOCKED_DEV = LOCKED + "ruff==0.12.0 \\\n    --hash=sha256:" + "1" * 64 + "\n"
VULNERABLE = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-0001"],
    "summary": "A part that is not whole.",
    "affected": [
        {
            "package": {"name": "django", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "5.2.2"}]}],
        }
    ],
}


@contextmanager
def data(status, answers):
    """Serve what OSV would say, by the name of a part."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(answers.get(asked["package"]["name"], {})).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def locked(tmp_path):
    (tmp_path / "requirements.txt").write_text(LOCKED)
    (tmp_path / "requirements-dev.txt").write_text(LOCKED_DEV)
    return tmp_path


def audit(place, url, *flags):
    """Return the exit code, and what was said on either channel."""
    done = subprocess.run(
        [sys.executable, *flags, str(settings.BASE_DIR / "scripts" / "audit.py"), str(place)],
        env=os.environ | {"AUDIT_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


@needs_pip_audit
def test_nothing_known_is_said_in_a_line(locked):
    with data(200, {}) as url:
        assert audit(locked, url) == (0, "2 parts, no known vulnerability.\n", "")


@needs_pip_audit
def test_what_is_known_fails_with_the_list(locked):
    with data(200, {"django": {"vulns": [VULNERABLE]}}) as url:
        code, said, refused = audit(locked, url)

    assert (code, said) == (1, "")
    assert refused.splitlines() == [
        "Known vulnerabilities:",
        "django 5.2.1: PYSEC-2026-1 (CVE-2026-0001); mended in 5.2.2",
    ]


@needs_pip_audit
@pytest.mark.parametrize("status", [None, 403, 429, 503])
def test_data_that_cannot_be_reached_are_a_note(locked, status):
    if status is None:
        url = f"http://127.0.0.1:{free_port()}/"
        code, said, refused = audit(locked, url)
    else:
        with data(status, {}) as url:
            code, said, refused = audit(locked, url)

    assert (code, refused) == (0, "")
    assert said.startswith(f"NOT AUDITED: the vulnerability data at {url} cannot be reached (")
    assert len(said.splitlines()) == 1


@needs_pip_audit
def test_a_question_that_is_wrong_fails(locked):
    (locked / "requirements.txt").write_text("django\n")

    with data(200, {}) as url:
        code, said, refused = audit(locked, url)

    assert (code, said) == (1, "")
    assert refused.startswith("pip-audit failed: ")


def test_without_pip_audit_it_says_so(locked):
    # -S leaves out what is installed; the script itself needs nothing.
    assert audit(locked, "http://127.0.0.1/", "-S", "-E") == (
        1,
        "",
        "pip-audit is not installed: it is in requirements-dev.txt.\n",
    )
