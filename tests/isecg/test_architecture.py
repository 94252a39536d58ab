"""The promises of the layout, asked of the whole code base at once."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import CheckConstraint, Q
from django.urls import URLPattern, get_resolver

from isecg.celery import app as celery_app
from isecg.history import Tracked

ROOMS = ("isecg", "workgroups", "products")
OWN_APPS = ("events", "mail", "workgroups", "products")

CLOCKS = {
    "timezone.now",
    "timezone.localdate",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.gmtime",
    "time.localtime",
    "time.monotonic",
    "functions.Now",
}
# A stopwatch is no clock: these measure how long they wait, and write no time down.
CLOCKS_ALLOWED = {
    ("isecg/clock.py", "timezone.now"),
    ("isecg/supervisor.py", "time.monotonic"),
    ("products/extraction/slots.py", "time.monotonic"),
}

# A rule is a pure function: of Django it may know the choices of a field, and no more.
PURE = (
    "isecg/rules.py",
    "workgroups/roles.py",
    "products/workflow.py",
    "products/consensus.py",
    "products/rehearsal.py",
    "products/outcome_words.py",
    "products/ledger.py",
    "products/guards.py",
    "products/relations.py",
    "products/warnings.py",
    "products/carrying.py",
    "products/facts.py",
    "products/residue.py",
    "products/remarks.py",
    "products/alignment.py",
    "products/compare.py",
    "products/compare_sheet.py",
)
CHOICES_ALONE = {"django.db.models.TextChoices", "django.db.models.IntegerChoices"}

# What is answered without a sign-in.
PUBLIC = {
    "account_inactive",
    "account_login",
    "account_logout",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "address_confirm",
    "admin:login",
    "healthz",
    "invitation_accept",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "openid_connect_callback",
    "openid_connect_login",
    "public_comment_privacy",
    "public_comment_thanks",
    "public_draft",
    "public_draft_comment",
    "public_draft_file",
    "public_drafts",
    "publication",
    "publication_comment",
    "publication_csl",
    "publication_file",
    "publication_metadata",
    "publication_ris",
    "publications",
    "publications_feed",
    "readyz",
    "robots",
    "socialaccount_login_cancelled",
}


def sources():
    for room in ROOMS:
        for path in sorted((settings.BASE_DIR / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(settings.BASE_DIR)), ast.parse(path.read_text())


def imported_names(tree):
    """Return the dotted names that a module imports, the inner imports too."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def own_models():
    return [model for label in OWN_APPS for model in apps.get_app_config(label).get_models()]


def audited_models():
    return [model for model in own_models() if issubclass(model, Tracked)]


def append_only_models():
    return [model for model in own_models() if getattr(model, "append_only", False)]


def label(model):
    return model._meta.label


def clocks_read(tree):
    attributes = {
        f"{node.value.id if isinstance(node.value, ast.Name) else node.value.attr}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute)
    }
    # ``from time import time`` reads a clock as well as ``time.time`` does.
    imports = {".".join(name.rsplit(".", 2)[-2:]) for name in imported_names(tree)}
    # Django reads its own clock for these two.
    automatic = {
        f"auto.{node.arg}"
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}
    }
    return automatic | ((attributes | imports) & CLOCKS)


def test_one_module_alone_reads_the_clock():
    read = {(path, clock) for path, tree in sources() for clock in clocks_read(tree)}

    assert read == CLOCKS_ALLOWED


@pytest.mark.parametrize(
    ("line", "clock"),
    [
        ("timezone.now()", "timezone.now"),
        ("datetime.datetime.now(UTC)", "datetime.now"),
        ("from django.utils.timezone import now", "timezone.now"),
        ("from django.db.models.functions import Now", "functions.Now"),
        ("models.DateTimeField(auto_now=True)", "auto.auto_now"),
    ],
)
def test_clocks_are_found_however_they_are_named(line, clock):
    assert clocks_read(ast.parse(line)) == {clock}


def test_templates_read_no_clock():
    clocks = re.compile(r"{%\s*now\b|\|\s*(?:timesince|timeuntil|naturaltime|naturalday)\b")
    found = [
        str(path) for path in settings.BASE_DIR.glob("templates/**/*.*") if path.is_file()
        if clocks.search(path.read_text())
    ]  # fmt: skip

    assert found == []


@pytest.mark.parametrize("path", PURE)
def test_rules_know_no_database_and_no_queue(path):
    names = imported_names(ast.parse((settings.BASE_DIR / path).read_text()))

    outside = {name for name in names if name.split(".")[0] in {"django", "celery", "kombu"}}
    assert outside - CHOICES_ALONE == set()


def test_there_are_audited_models():
    assert len(audited_models()) > 10
    assert len(append_only_models()) > 3


@pytest.mark.parametrize("model", audited_models(), ids=label)
def test_audited_models_have_a_history_of_their_own(model):
    history = model.history.model

    assert history.instance_type is model
    assert history._meta.get_field("history_change_reason").null is False


@pytest.mark.django_db
@pytest.mark.parametrize("model", audited_models(), ids=label)
def test_the_database_demands_a_reason(model):
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(
            cursor, model.history.model._meta.db_table
        )

    assert [column.null_ok for column in columns if column.name == "history_change_reason"] == [
        False
    ]


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


def test_beat_names_real_tasks():
    celery_app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled
    assert scheduled - set(celery_app.tasks) == set()


def patterns(resolver, prefix=""):
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{prefix}{entry.name}", entry.callback
        else:
            space = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from patterns(entry, space)


def test_public_pages_are_named_here():
    # LoginRequiredMiddleware reads the same mark. Django's admin asks for itself, page by page:
    # what it leaves unmarked beside its sign-in is shown to staff alone.
    public = {
        name for name, view in patterns(get_resolver()) if not getattr(view, "login_required", True)
    }

    assert public == PUBLIC


def test_templates_hold_no_inline_code():
    inline = re.compile(
        r"<style\b|<script\b(?![^>]*\bsrc=)|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:",
        re.IGNORECASE,
    )
    pages = sorted(settings.BASE_DIR.glob("templates/**/*.html"))
    found = [str(page) for page in pages if inline.search(page.read_text())]

    assert pages
    assert found == []


def leaves(condition):
    for child in condition.children:
        if isinstance(child, Q):
            yield from leaves(child)
        else:
            yield child


def choice_fields():
    return [
        (model, field)
        for model in own_models()
        if not hasattr(model, "instance_type")
        for field in model._meta.local_fields
        if field.choices
    ]


@pytest.mark.parametrize(
    ("model", "field"), choice_fields(), ids=lambda value: getattr(value, "name", None)
)
def test_choices_bind_the_database_too(model, field):
    allowed = {
        frozenset(values)
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint)
        for name, values in leaves(constraint.condition)
        if name == f"{field.name}__in"
    }

    values = frozenset(value for value, _name in field.flatchoices)
    assert {values, values | {""}} & allowed


@pytest.mark.django_db
@pytest.mark.parametrize("model", append_only_models(), ids=label)
def test_what_is_written_once_is_guarded_by_the_database(model):
    table = model._meta.db_table
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        " AND tgrelid = %s::regclass",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(catalogue, [table])
        triggers = [row[0] for row in cursor.fetchall()]

    assert f"{table}_refuses_update" in triggers


def test_modules_are_short():
    # At 400 lines a module becomes a package of the same name.
    long = {
        str(path.relative_to(settings.BASE_DIR)): length
        for room in ROOMS
        for path in Path(settings.BASE_DIR / room).rglob("*.py")
        if "migrations" not in path.parts and (length := len(path.read_text().splitlines())) > 400
    }

    assert long == {}


def test_every_variable_is_documented():
    text = (settings.BASE_DIR / "isecg" / "settings.py").read_text()
    read = set(re.findall(r"""env(?:\.\w+)?\(\s*["'](\w+)["']|["'](\w+)["'] in env""", text))
    read = {name for pair in read for name in pair if name}
    page = (settings.BASE_DIR / "docs" / "operations.md").read_text()
    documented = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))

    assert "SECRET_KEY" in read
    assert read == documented
