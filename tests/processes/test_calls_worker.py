"""A worker stopped over a deadline: the outcome is right at once, the letters follow (rule 26)."""

import pytest

from tests.isecg.mail.post import Recorder, serve
from tests.isecg.mail.site import PATIENCE, Site

pytestmark = pytest.mark.processes

SET_UP = """
from products.consensus import Stand
from products.services import calls
from tests.products.world import make_world
with clock.at(clock.now() - timedelta(days=20)):
    world = make_world(codes=["CNES", "ESA"])
    world.secretariat.email = "desk@example.org"
    world.secretariat.save_as(None, "test")
    world.call = calls.open_call(
        world.product, question="Is this agreed?", deadline=clock.now() + timedelta(days=10),
        time_zone="UTC", by=world.secretariat,
    )
    world.say(0, Stand.CONCUR)
answer = world.call.pk
"""
PAGE = """
from django.conf import settings
from django.test import Client
from django.test.utils import override_settings, setup_test_environment
from products.models import Call
setup_test_environment()
plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
override_settings(STORAGES=settings.STORAGES | {"staticfiles": plain}).enable()
client = Client()
client.force_login(User.objects.get(email="desk@example.org"))
page = client.get(Call.objects.get().get_absolute_url())
answer = [
    page.status_code, page.context["reading"].outcome.value, page.context["may_be_declared"],
    Letter.objects.filter(kind="call.due").count(),
]
"""
LETTERS = "answer = sorted(Letter.objects.values_list('address', 'kind', 'state'))"


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.close()


def test_a_worker_stopped_over_a_deadline_changes_nothing_but_the_hour_of_the_letters(site):
    site.ask(SET_UP)

    # Nothing has ticked since the opening, and the deadline passed ten days ago.
    assert site.ask(PAGE) == [200, "consensus", True, 0]

    with serve(Recorder(), site.smtp_port) as server:
        site.worker(threads=2)
        site.beat()
        message = server.arrived.get(timeout=PATIENCE)[1]
        for _ in range(PATIENCE):
            letters = site.ask(LETTERS)
            if "queued" not in {state for *_, state in letters}:
                break

    assert message["To"] == "desk@example.org"
    assert "A call is due to be declared" in message["Subject"]
    # Those of the opening are over: the deadline has passed.
    assert {(kind, state) for _, kind, state in letters} == {
        ("call.due", "sent"),
        ("call.opened", "dropped"),
    }
    assert site.ask(PAGE) == [200, "consensus", True, 1]
