"""Rule 14 from both ends: every member reads every draft, and nobody outside reads anything of it.

Whatever is not released bears a word that stands nowhere else; then every address is asked
for by somebody who is not signed in, and the word must not come back.
"""

import io
import re

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DataError, IntegrityError, connection, models, transaction
from django.test import Client
from django.urls import reverse

from products.models import CommentWindow, Product, Version, VersionFile
from products.models.comments import Comment
from products.workflow import State
from tests.factories import MandateFactory, ProductFactory
from tests.fuzzed_site import ADDRESSES, NOW, make_rows
from tests.products.world import write_version
from workgroups.models import Agency

pytestmark = pytest.mark.django_db

WORD = "xyzzyunreleased"
# A file of a released product's other version, and one under an unreleased product.
SECRET = f"{WORD} in a file".encode()
# What is asked beside the bare address.
QUERIES = ["", f"?q={WORD}", "?state=drafting", "?page=2", "?page=all", "?from=1&to=2"]
QUERIES += ["?version=1", "?series=GER", "?kind=roadmap", "?format=json", "?draft=1"]


def marked():
    """Return what is marked: each table of the products, and which of its rows are not out."""
    out = Product.objects.filter(release__isnull=False)
    unreleased = Product.objects.exclude(pk__in=out)
    yield Product, unreleased
    for model in apps.get_app_config("products").get_models():
        if hasattr(model, "instance_type") or model is Product:
            continue
        if model is Version:
            yield model, model.objects.filter(release=None)
        elif model is VersionFile:
            yield model, model.objects.filter(version__release=None)
        else:
            names = {field.name for field in model._meta.get_fields()}
            for path in ("product", "version__product", "call__product", "comment__product"):
                if path.split("__")[0] in names:
                    # Of released products, too, all but the release is the members' business.
                    rows = model.objects.all()
                    if model._meta.model_name in {"release", "relation", "milestone"}:
                        rows = rows.filter(**{f"{path}__in": unreleased})
                    yield model, rows
                    break


def mark(model, rows):
    """Put the word into every text of the rows, past the rules that the services keep."""
    names = [
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, models.TextField | models.CharField)
        and not field.choices
        and not field.unique
        and field.name not in {"path", "sha256", "time_zone", "media_type", "code", "day"}
    ]
    return sum(
        _write(model, row.pk, name, f"{WORD}-{row.pk}.md" if model is VersionFile else WORD)
        for row in rows
        for name in names
    )


def _write(model, pk, name, text):
    """Write into one field, and say whether its length and the table's constraints let it be."""
    try:
        with transaction.atomic():
            models.QuerySet(model).filter(pk=pk).update(**{name: text})
    except (IntegrityError, DataError):
        return False
    return True


def unmark(window):
    """Take the word out of what a posted draft shows: its title, that version, the note."""
    models.QuerySet(CommentWindow).filter(pk=window.pk).update(note="")
    models.QuerySet(Product).filter(pk=window.product.pk).update(title="Posted")
    models.QuerySet(Version).filter(pk=window.version.pk).update(text="Posted")
    for file in window.version.files.all():
        _write(VersionFile, file.pk, "name", "main.md")


def drop_guards():
    """Let rows that are written once be marked; the transaction of the test undoes it."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")


@pytest.fixture
def site(time_machine_at):
    _, given = make_rows()
    gone = ProductFactory(state=State.WITHDRAWN, code="GONE", series="GER")
    write_version(gone)
    out = Product.objects.get(state=State.RELEASED)
    later = write_version(out, text="Later.")
    drop_guards()
    # A public page says what rule 35 lists, and no more of a product.
    Product.objects.filter(pk=out.pk).update(purpose=WORD, mutual_interest=WORD, note=WORD)
    counted = {model: mark(model, list(rows)) for model, rows in marked()}
    for window in CommentWindow.objects.open_at(NOW).select_related("product", "version"):
        unmark(window)
    for file in VersionFile.objects.filter(version__in=[later, *gone.versions.all()]):
        path = default_storage.save(f"{WORD}/{file.pk}", ContentFile(SECRET))
        _write(VersionFile, file.pk, "path", path)
    return given, counted


@pytest.fixture
def time_machine_at():
    import time_machine  # noqa: PLC0415 - the fixture's own

    with time_machine.travel(NOW, tick=False):
        yield


def every_url(given):
    """Yield every address: each with its own rows, and each of a product with every product."""
    codes = list(Product.objects.values_list("code", flat=True))
    files = [
        (file.version.product.code, file.version.number, file.name)
        for file in VersionFile.objects.select_related("version__product")
    ]
    versions = [(row.product.code, row.number) for row in Version.objects.select_related("product")]
    known = {
        1: [[code] for code in codes],
        2: [[code, name] for code, _, name in files] + [[*row] for row in versions],
        3: [[*row] for row in files],
    }
    for name in ADDRESSES:
        for args in [*given.get(name, [[]]), *known[1], *known[2], *known[3]]:
            try:
                yield reverse(name, args=args)
            except Exception:  # noqa: BLE001, S112 - of these the address has no such row
                continue


def body(answer):
    return b"".join(answer) if answer.streaming else answer.content


def test_nobody_outside_reads_anything_unreleased(site):
    given, counted = site
    urls = sorted(set(every_url(given)))
    client, shown = Client(raise_request_exception=False), {}
    for url in urls:
        for query in QUERIES if "/publications" in url or url.count("/") < 3 else QUERIES[:2]:
            answer = client.get(url + query)
            said = body(answer).decode("utf-8", "replace") + str(dict(answer.items()))
            # What was asked for is repeated in the way to the sign-in, and in a search field.
            said = re.sub(rf'(value="|q(=|%3D)|/){WORD}', "", said)
            if WORD in said:
                shown[url + query] = answer.status_code

    assert shown == {}
    # There was something to find: the tables of the drafts have the word, and many a page.
    names = {model.__name__ for model, count in counted.items() if count}
    assert names >= {
        *("Product", "Version", "VersionFile", "Draft", "Comment", "Call", "Circulation"),
        *("PositionEntry", "Decision", "PublicComment", "LiaisonStatement", "WorkplanItem"),
    }
    assert len(urls) > 300


def test_the_word_would_be_found_where_it_may_be_read(site):
    given, _ = site
    client = Client(raise_request_exception=False)
    client.force_login(MandateFactory().person)
    urls = sorted(url for url in set(every_url(given)) if url.startswith("/products/"))
    found = [url for url in urls[::2] if WORD.encode() in body(client.get(url))]

    assert len(found) > 8
    assert Comment.objects.filter(text__startswith=WORD).exists()


@pytest.fixture
def reference(db):
    call_command("load_reference", settings.BASE_DIR / "data/isecg.json", stdout=io.StringIO())


def test_a_person_of_each_of_the_27_agencies_reads_every_draft(reference, client):
    members = list(Agency.objects.members_on(NOW.date()).order_by("code"))
    drafts = []
    for state in (state for state in State if state not in {State.RELEASED, State.SUPERSEDED}):
        product = ProductFactory(state=state)
        drafts += [write_version(product, text=f"{state} {number}") for number in (1, 2)]

    unread = {}
    for agency in members:
        client.force_login(MandateFactory(agency=agency, capacity="staff").person)
        for version in drafts:
            answer = client.get(version.get_absolute_url())
            if answer.status_code != 200 or version.text not in answer.content.decode():
                unread[agency.code, str(version)] = answer.status_code

    assert len(members) == 27
    assert len(drafts) == 12
    assert unread == {}
