"""What every test stands on: places of its own, plain static files, a browser."""

import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from hypothesis import settings as hypothesis_settings

from isecg.celery import app as celery_app
from tests.openid import process as openid

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# What is generated is the same each time, so that a run tells of the change and not of chance, and
# how fast the machine is tells nothing. To look further: ARGS="--hypothesis-profile=explore".
hypothesis_settings.register_profile("same", derandomize=True, deadline=None)
hypothesis_settings.register_profile("explore", deadline=None, max_examples=1000)
hypothesis_settings.load_profile("same")


def pytest_collection_modifyitems(config, items):
    """Leave the tests of races to PostgreSQL: on SQLite they would prove nothing."""
    if not settings.ON_SQLITE:
        return
    kept = [item for item in items if item.get_closest_marker("services") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture(scope="session", autouse=True)
def places_of_its_own(tmp_path_factory, worker_id):
    """Give each test process its own files and wake-ups, and cheap passwords."""
    place = tmp_path_factory.mktemp("var")
    if settings.REDIS_URL:
        transport = {"global_keyprefix": f"test-{worker_id}-"}
    else:
        transport = {
            "data_folder_in": str(place / "broker"),
            "data_folder_out": str(place / "broker"),
            "control_folder": str(place / "broker-control"),
        }
        for folder in transport.values():
            Path(folder).mkdir(exist_ok=True)
    celery_app.conf.broker_transport_options = celery_app.conf.broker_transport_options | transport
    (place / "static").mkdir()
    changed = override_settings(
        STATIC_ROOT=place / "static",
        MEDIA_ROOT=place / "files",
        EXTRACTION_PLACES=place / "extraction",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES=settings.STORAGES
        | {
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    )
    with changed:
        yield place


@pytest.fixture(scope="session")
def chromium_path():
    """Find the browser; without one the tests that need it fail, and say what to install."""
    named = os.environ.get("CHROMIUM")
    found = next(filter(None, map(shutil.which, [named] if named else CHROMIUM)), None)
    if found is None:
        pytest.fail(
            f"CHROMIUM names “{named}”, which cannot be run."
            if named
            else "The browser tests need Chromium: on Debian, apt install chromium"
            " (or name a browser in CHROMIUM).",
            pytrace=False,
        )
    return found


@pytest.fixture(scope="session")
def chromium(chromium_path):
    """Return a running browser; ask it for ``new_page()`` or ``new_context()``."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and few tests need it

    # Playwright's event loop stands in this thread; Django would refuse to query beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def guarded_port():
    """Return where the site with second factors is served: the provider leads back to it."""
    return openid.free_port()


@pytest.fixture(scope="session")
def openid_provider(tmp_path_factory, guarded_port):
    """Serve the OpenID provider of an agency to the tests that speak with it."""
    place = tmp_path_factory.mktemp("provider")
    sites = ("http://testserver", f"http://localhost:{guarded_port}")
    back = [f"{site}/sign-in/with/{key}/back/" for site in sites for key in ("esa", "jaxa")]
    with openid.served(place, leads_back_to=back) as provider:
        yield provider
