"""The hard shell, on every address: headers, forgery, forms with more than they show.

Whatever can be is generated over the addresses, so that a new page is held to it too. What
needs a real web server is in ``tests/processes/test_hard_shell_process.py``.
"""

import re
import subprocess
import sys

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.test import Client, override_settings
from django.urls import get_resolver, reverse
from django.utils.html import strip_tags

from isecg.mail.models import Letter
from isecg.middleware import SHELL_HEADERS
from products.models import Elector, Product
from tests.factories import UserFactory
from tests.fuzzed_site import ADDRESSES, NOW, PEOPLE, Site, make_rows, read_forms
from tests.isecg.test_architecture import patterns
from workgroups.models import Agency, LiaisonOrganisation, Meeting, WorkingGroup

pytestmark = pytest.mark.django_db

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
FILE_CSP = {"default-src": "'none'", "frame-ancestors": "'none'", "sandbox": ""}
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PASSWORD = "a long enough password"


@pytest.fixture
def site(db):
    with override_settings(MAILBOX_PAGE=True), time_machine.travel(NOW, tick=False):
        world, given = make_rows()
        site = Site(given=given)
        people = [UserFactory(), world.heads[0], world.secretariat]
        for who, person in zip(PEOPLE[1:], people, strict=True):
            client = Client()
            client.force_login(person)
            site.cookies[who] = client.cookies[settings.SESSION_COOKIE_NAME].value
        yield site


def csp_of(response):
    parts = [part.strip() for part in response["Content-Security-Policy"].split(";")]
    return {part.partition(" ")[0]: part.partition(" ")[2] for part in parts}


def shell_of(response):
    return {name: response[name] for name in HEADERS}


def all_urls(site, *, rows=None):
    """Return every address of every name, or the first ``rows`` of each, and the admin's."""
    found = [(name, url) for name in ADDRESSES for url in site.urls_of(name)[:rows]]
    return [*found, ("admin:index", "/admin/")]


# --- Headers -----------------------------------------------------------------------------


def test_permissions_policy_opens_nothing_but_passkeys():
    policy = dict(one.split("=") for one in SHELL_HEADERS["Permissions-Policy"].split(", "))

    assert {name for name, value in policy.items() if value != "()"} == {
        "publickey-credentials-create",
        "publickey-credentials-get",
    }
    assert {"camera", "geolocation", "microphone", "payment", "usb"} < set(policy)
    assert policy["publickey-credentials-get"] == "(self)"


LEAD_TO_PROVIDERS = {
    "GET account_login",
    "POST account_login",
    "GET openid_connect_login",
    "GET openid_connect_callback",
    "POST openid_connect_callback",
}


FILES = {"download", "public_draft_file", "publication_file"}


@pytest.mark.parametrize("who", ["nobody", "secretariat"])
def test_every_answer_has_the_headers_of_the_shell(site, who):
    wrong = {}
    for name, url in all_urls(site, rows=1):
        for method in ("GET", "POST"):
            answer = site.ask(who, method, url)
            is_file = answer.get("Content-Disposition", "").startswith("attachment")
            wanted = FILE_CSP if is_file and name in FILES else CSP
            if f"{method} {name}" in LEAD_TO_PROVIDERS:
                # Their forms lead to the providers through which people sign in alone.
                wanted = wanted | {"form-action": "'self' http://127.0.0.1:9"}
            said = (shell_of(answer), csp_of(answer), answer["Permissions-Policy"])
            if said != (HEADERS, wanted, SHELL_HEADERS["Permissions-Policy"]):
                wrong[f"{method} {url}"] = said

    assert wrong == {}


# What machines read of released products, and their files, are the same for everybody, and may be
# kept for so many seconds.
FOR_EVERYBODY = {
    "publication_csl": 300,
    "publication_file": 3600,
    "publication_metadata": 300,
    "publication_ris": 300,
    "publications_feed": 300,
}


@pytest.mark.parametrize("who", PEOPLE)
def test_no_page_of_a_person_may_be_kept(site, who):
    kept = {}
    for name, url in all_urls(site):
        answer = site.ask(who, "GET", url)
        if name in FOR_EVERYBODY and answer.status_code == 200:
            assert answer["Cache-Control"] == f"public, max-age={FOR_EVERYBODY[name]}"
            continue
        if "no-store" not in answer["Cache-Control"] or "public" in answer["Cache-Control"]:
            kept[url] = answer["Cache-Control"]

    assert kept == {}


def refusals():
    """Return a request for each kind of refusal, and the status it is to have."""
    big = {"CONTENT_LENGTH": str(settings.ISECG_REQUEST_LIMIT_MB * 1024 * 1024 + 1)}
    return {
        "host": (400, lambda client: client.get("/profile/", headers={"host": "evil.example"})),
        "forbidden": (403, lambda client: client.get("/agencies/new/")),
        "forged": (403, lambda client: client.post("/profile/", {"name": "x"})),
        "missing": (404, lambda client: client.get("/nowhere/")),
        "method": (405, lambda client: client.put("/people/")),
        "large": (413, lambda client: client.post("/profile/", **big)),
        "failure": (500, lambda client: client.get("/agencies/")),
        "sign-in": (302, lambda client: (client.logout(), client.get("/profile/"))[1]),
    }


@pytest.mark.parametrize("kind", refusals())
def test_refusals_have_the_headers_of_the_shell(kind, monkeypatch):
    client = Client(enforce_csrf_checks=kind == "forged", raise_request_exception=False)
    client.force_login(UserFactory())
    if kind == "failure":
        monkeypatch.setattr(Agency._meta, "ordering", ["no_such_field"])
        monkeypatch.setattr("workgroups.views.agencies.render", None)
    status, ask = refusals()[kind]

    answer = ask(client)

    assert answer.status_code == status
    assert (shell_of(answer), csp_of(answer)) == (HEADERS, CSP)
    assert answer["Permissions-Policy"] == SHELL_HEADERS["Permissions-Policy"]
    assert answer["Cache-Control"] == "no-store, private"
    assert "Traceback" not in answer.content.decode()


def test_no_answer_lets_another_site_read_it(site):
    for _name, url in all_urls(site):
        answer = site.ask("secretariat", "GET", url)

        assert [name for name in answer.headers if name.startswith("Access-Control-")] == []


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver:80@evil", "", "a b", "[::1"]
)
def test_a_foreign_host_is_refused(client, host):
    assert client.get("/sign-in/", headers={"host": host}).status_code == 400


def test_a_forwarded_host_is_not_believed(client):
    answer = client.get("/profile/", headers={"x-forwarded-host": "evil.example"})

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/profile/")
    assert settings.USE_X_FORWARDED_HOST is False


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/static/",
        "/static/css/",
        "/static/../manage.py",
        "/static/%2e%2e/manage.py",
        "/manage.py",
        "/var/secret_key",
        "/files/",
        "/requirements.txt",
    ],
)
def test_the_sources_are_not_served(client, path):
    client.force_login(UserFactory(is_secretariat=True))

    assert client.get(path).status_code == 404


def test_trace_is_refused(client):
    client.force_login(UserFactory())

    assert client.trace("/profile/").status_code == 405


# --- Sizes ---------------------------------------------------------------------------------


def test_limits_are_answered_with_a_sentence(client):
    client.force_login(UserFactory())
    many = {f"field-{number}": "x" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    long = {"name": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}
    for sent in (many, long):
        for kind in ("multipart", "urlencoded"):
            if kind == "multipart":
                answer = client.post("/profile/", sent)
            else:
                body = "&".join(f"{name}={value}" for name, value in sent.items())
                kind = "application/x-www-form-urlencoded"
                answer = client.post("/profile/", body, content_type=kind)

            assert answer.status_code == 413
            words = " ".join(strip_tags(answer.content.decode()).split())
            assert "2 MB of text in 1000 fields, and 20 files of 50 MB each." in words


@pytest.mark.parametrize("length", ["9" * 5000, "1e9", "-1", "١٢", ""])
def test_a_strange_length_is_no_failure(client, length):
    client.force_login(UserFactory())

    assert client.post("/profile/", CONTENT_LENGTH=length).status_code in {400, 413, 422}


# --- Forgery -------------------------------------------------------------------------------

# Addresses that take a POST without a token, each with what stands in for it.
WITHOUT_TOKEN: dict[str, str] = {}


def test_every_post_needs_its_token(site):
    taken = {}
    for name, url in all_urls(site):
        client = Client(enforce_csrf_checks=True)
        client.cookies[settings.SESSION_COOKIE_NAME] = site.cookies["secretariat"]
        answer = client.post(url, {"reason": "Forged."})
        if answer.status_code != 403 or "This form is too old" not in answer.content.decode():
            taken[name] = answer.status_code

    assert set(taken) == set(WITHOUT_TOKEN)


def test_no_view_is_exempt_from_the_token():
    exempt = {
        name for name, view in patterns(get_resolver()) if getattr(view, "csrf_exempt", False)
    }

    assert exempt == set(WITHOUT_TOKEN)


def test_a_form_of_another_site_is_refused_with_its_token():
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory())
    page = client.get("/profile/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    sent = {"csrfmiddlewaretoken": token, "name": "A", "time_zone": "UTC"}

    assert (
        client.post("/profile/", sent, headers={"origin": "https://evil.example"}).status_code
        == 403
    )
    assert (
        client.post("/profile/", sent, headers={"origin": "http://testserver"}).status_code == 302
    )


def test_nothing_is_changed_by_asking(site):
    """A link that is opened, by a person or by a mail scanner, acts on nothing (rule 46)."""
    with _undone():
        before = state()
        for who in ("head", "secretariat"):
            for _name, url in all_urls(site, rows=1):
                for method in ("GET", "HEAD"):
                    site.ask(who, method, url)

        assert changes(before, state()) == {}


# --- Led elsewhere -------------------------------------------------------------------------

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "https:evil.example",
    "https://evil.example/",
    "http:///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "\t//evil.example",
    "//evil.example/%2e%2e",
    "https:/\x00/evil.example",
]


def _sign_in(client, person, to):
    """Fill in the form as the page shows it."""
    page = client.get("/sign-in/").content.decode()
    inputs = re.findall(r"<input[^>]*>", page)
    secret = next(re.search(r'name="(\w+)"', one)[1] for one in inputs if '"password"' in one)
    login = next(
        re.search(r'name="(\w+)"', one)[1]
        for one in inputs
        if re.search(r'type="(email|text)"', one)
    )
    sent = {login: person.email, secret: PASSWORD, "next": to}
    return client.post("/sign-in/", sent)


@pytest.mark.parametrize("to", ELSEWHERE)
def test_sign_in_leads_to_no_other_site(client, to):
    person = UserFactory(password=make_password(PASSWORD))

    answer = _sign_in(client, person, to)
    again = client.get(reverse("account_login", query={"next": to}))

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert (again.status_code, again["Location"]) == (302, "/")


def test_sign_in_leads_where_it_was_asked_to(client):
    person = UserFactory(password=make_password(PASSWORD))

    assert _sign_in(client, person, "/products/?q=x")["Location"] == "/products/?q=x"


@pytest.mark.parametrize("to", ELSEWHERE)
def test_sign_out_leads_to_no_other_site(client, to):
    client.force_login(UserFactory())

    answer = client.post(reverse("account_logout", query={"next": to}), {"next": to})

    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/sign-in/")


# --- More than a form shows ----------------------------------------------------------------


def _undone():
    block = transaction.atomic()
    # As Django's own tests say it: the durable transactions inside are meant.
    block._from_testcase = True
    return block


ROOMS = {"isecg", "events", "mail", "workgroups", "products"}
# Made anew at every writing: salted digests, random names, and the chain over them.
VOLATILE = {"password", "hash", "prev_hash", "head_hash", "message_id", "uid", "id"}
# Sealed anew, or the digest of a token that is made anew; the text of a letter may hold one.
VOLATILE |= {"sealed_secret", "token_digest", "old_digest", "new_digest", "text"}


def state():
    """Return every row of ours, without what differs between two writings of the same."""
    rows = {}
    for model in apps.get_models():
        if model._meta.app_label in ROOMS:
            names = [field.attname for field in model._meta.concrete_fields]
            # A letter about an account is another one each time.
            changing = VOLATILE | ({"key"} if model is Letter else set())
            kept = [name for name in names if name not in changing]
            for pk, *row in model._base_manager.values_list("pk", *kept):
                rows[model._meta.label, pk] = dict(zip(kept, row, strict=True))
    return rows


def changes(before, after):
    return {key: row for key, row in after.items() if before.get(key) != row} | {
        key: None for key in before if key not in after
    }


def hostile_fields():
    """Return a field for every column of ours, with what an attacker would like in it."""
    fields = {}
    for model in apps.get_models():
        if model._meta.app_label not in ROOMS:
            continue
        for field in model._meta.concrete_fields:
            if isinstance(field, models.BooleanField):
                value = "on"
            elif field.is_relation:
                value = str(field.related_model._base_manager.values_list("pk", flat=True).last())
            elif field.choices:
                value = str(field.choices[-1][0])
            elif isinstance(field, models.DateTimeField):
                value = "2020-01-01 00:00"
            else:
                value = "evil@example.org" if isinstance(field, models.EmailField) else "1"
            fields[field.name] = fields[field.attname] = value
    return fields | {"user": "1", "by": "1", "groups": "1", "user_permissions": "1", "at": "1"}


def _post(site, url, sent):
    """Return who could send this, the status, and what it changed; all is undone."""
    for who in ("secretariat", "head"):
        with _undone():
            before = state()
            answer = Client(raise_request_exception=False)
            answer.cookies[settings.SESSION_COOKIE_NAME] = site.cookies[who]
            response = answer.post(url, sent)
            changed = changes(before, state())
            transaction.set_rollback(True)
        _give_keys_again()
        if response.status_code not in {403, 404}:
            return who, response.status_code, changed
    return who, response.status_code, {}


def _give_keys_again():
    """Have the next row get the key that an undone one had, on every database."""
    tables = [model for model in apps.get_models() if model._meta.app_label in ROOMS]
    for statement in connection.ops.sequence_reset_sql(no_style(), tables):
        with connection.cursor() as cursor:
            cursor.execute(statement)


def test_no_form_takes_a_field_that_it_does_not_show(site):
    read_forms(site)
    hostile = hostile_fields()
    taken, done = {}, set()
    for (method, url), plain in sorted(site.forms.items()):
        name = get_resolver().resolve(url).url_name
        act = url.split("/")[-2] if name == "product_act" else ""
        # One row is enough where the form went through.
        if method != "post" or name == "sign_out" or (name, act) in done:
            continue
        plain = plain | {name: FILLED[name] for name in FILLED if name in plain}
        more = {name: value for name, value in hostile.items() if name not in plain}

        honest = _post(site, url, plain)
        forged = _post(site, url, {**more, **plain})

        if honest[:2] != forged[:2] or comparable(honest[2]) != comparable(forged[2]):
            taken[url] = (honest, forged)
        if honest[1] == 302:
            done.add((name, act))

    assert taken == {}
    # The forms were really filled in, and went through.
    done = {name for name, _ in done}
    assert len(done) > 30
    assert {"profile", "person_edit", "agency_edit", "mandate_grant", "group_edit"} <= done
    assert {"product_edit", "product_new", "version_new", "call_position", "declare"} <= done


# What a person would type where the reader of forms knows no better than “Text”.
FILLED = {"country_code": "FR", "founded": "2007", "days": "", "day": "2026-06-01"}
FILLED |= {"baseline": "2026-06", "forecast": "2026-07", "actual": ""}


def comparable(changed):
    """Number new rows anew: a rolled back key is not given twice by every database."""
    labels = {}
    for (label, _pk), row in sorted(changed.items(), key=lambda one: (one[0][0], str(one[0][1]))):
        labels.setdefault(label, []).append(row and {k: v for k, v in row.items() if k != "seq"})
    return labels


def test_profile_gives_nobody_a_role(client):
    person = UserFactory()
    client.force_login(person)
    wanted = dict.fromkeys(["is_secretariat", "is_superuser", "is_staff"], "on")
    wanted |= {"email": "other@example.org", "is_active": "", "password": "x", "agency": "1"}
    before = {"email": person.email, "password": person.password}

    answer = client.post("/profile/", {"name": "New name", "time_zone": "UTC", **wanted})

    person.refresh_from_db()
    assert (answer.status_code, person.name) == (302, "New name")
    assert {name: getattr(person, name) for name in before} == before
    assert [person.is_secretariat, person.is_superuser, person.is_staff] == [False] * 3
    assert person.is_active


# --- Under another's address ---------------------------------------------------------------

# What stands first in an address with two parameters, and all that could stand there.
PARENTS = {
    "agencies": lambda: Agency.objects.values_list("key", flat=True),
    "liaison": lambda: LiaisonOrganisation.objects.values_list("code", flat=True),
    "groups": lambda: WorkingGroup.objects.values_list("code", flat=True),
    "meetings": lambda: Meeting.objects.values_list("key", flat=True),
    "products": lambda: Product.objects.values_list("code", flat=True),
}
# Where the second is no row of the first's own, and what is held instead.
COUNTED_WITHIN = {
    "version": "numbers start anew in each product",
    "version_send": "numbers start anew in each product",
    "comment_new": "numbers start anew in each product",
    "comments_export": "a format is a word",
    "comments_template": "a format is a word",
    "download": "numbers start anew in each product",
    "publication_file": "the name of a file is that of many",
    "public_draft": "numbers start anew in each product",
    "public_draft_comment": "numbers start anew in each product",
    "public_draft_file": "numbers start anew in each product",
    "public_comment": "numbers start anew in each product",
    "public_comment_dispose": "numbers start anew in each product",
    "public_comment_erase": "numbers start anew in each product",
    "product_act": "an act is a word",
    "account_reset_password_from_key": "a number and a token made for it",
    "decision": "a year and a number within it",
    "decision_pdf": "a year and a number within it",
    "decision_json": "a year and a number within it",
    "decision_correct": "a year and a number within it",
    "decision_revision": "a year, a number within it, and a revision of that",
    "decision_revision_pdf": "a year, a number within it, and a revision of that",
    "decision_revision_json": "a year, a number within it, and a revision of that",
    "call_position": "an agency stands in many calls",
    "call_withdraw": "an agency stands in many calls",
    "call_reaffirm": "an agency stands in many calls",
    "ledger_act": "an act is a word",
    "call_intervene": "an agency stands in many calls",
    "call_serve_again": "an agency stands in many calls",
    "call_waive_notice": "an agency stands in many calls",
}


def with_two_parameters():
    """Return the names of the addresses that say whose row they are about."""
    return [
        name for name in ADDRESSES if len(get_resolver().reverse_dict.getlist(name)[0][0][0][1]) > 1
    ]


def test_every_address_with_two_parameters_is_looked_at(site):
    tried = {name for name in with_two_parameters() if name not in COUNTED_WITHIN}

    assert tried
    assert set(COUNTED_WITHIN) <= set(with_two_parameters())
    assert {site.urls_of(name)[0].split("/")[1] for name in tried} <= set(PARENTS)


def test_a_row_under_another_parents_address_does_not_exist(site):
    found = {}
    for name in with_two_parameters():
        if name in COUNTED_WITHIN:
            continue
        own, child = site.given[name][0]
        others = [
            one for one in PARENTS[reverse(name, args=[own, child]).split("/")[1]]() if one != own
        ]
        assert others, name
        for other in others:
            url = reverse(name, args=[other, child])
            answers = [
                site.ask("secretariat", method, url).status_code for method in ("GET", "POST")
            ]
            if set(answers) - {404, 405} or 404 not in answers:
                found[url] = answers

    assert found == {}


def test_a_position_of_an_agency_outside_the_electorate_does_not_exist(site):
    for call, _key in site.given["call_position"][:1]:
        inside = Elector.objects.filter(call=call).values("agency")
        for outside in Agency.objects.exclude(pk__in=inside):
            for name in ("call_position", "call_withdraw"):
                url = reverse(name, args=[call, outside.key])
                sent = {"stand": "concur", "revision": "0"}

                assert _post(site, url, sent)[1] in {403, 404}


def test_a_file_of_another_product_does_not_exist(site):
    code, number, name = site.given["download"][0]
    others = Product.objects.exclude(code=code).exclude(versions__files__name=name)

    assert others.exists()
    for other in others:
        url = reverse("download", args=[other.code, number, name])
        assert site.ask("secretariat", "GET", url).status_code == 404


# --- Secrets -------------------------------------------------------------------------------


def start(**environment):
    """Read the settings in a process of their own; return what it said."""
    plain = {"PATH": "", "ISECG_VAR": str(settings.VAR_DIR), "ISECG_DEMO": "0"}
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        env=plain | {"DJANGO_SETTINGS_MODULE": "isecg.settings"} | environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stderr.strip().splitlines() or [""])[-1].partition("ImproperlyConfigured: ")[2]


LONG = "kJ8vQ2mZ7xR4tW9yB3nL6pS1dF5gH0cV-aE_uI8oK2jM4qT7rX"


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "Set the SECRET_KEY environment variable"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is an example; give this site a key of its own."),
        ({"SECRET_KEY": LONG}, ""),
        (
            {"SECRET_KEY": LONG[:49]},
            "SECRET_KEY is too short: take 50 random characters or more.",
        ),
        (
            {"SECRET_KEY": f"django-insecure-{LONG}"},
            "SECRET_KEY is an example; give this site a key of its own.",
        ),
        (
            {"SECRET_KEY": f"change-me-{LONG}"},
            "SECRET_KEY is an example; give this site a key of its own.",
        ),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY is an example; give this site a key of its own."),
        (
            {"SECRET_KEY": LONG, "SECRET_KEY_FALLBACKS": "old"},
            "SECRET_KEY is an example; give this site a key of its own.",
        ),
    ],
)
def test_the_site_starts_with_a_key_of_its_own_alone(environment, sentence):
    assert len(LONG) == 50
    assert start(**environment) == sentence


def test_the_tree_holds_no_secret():
    assigned = re.compile(
        r"(?i)\b\w*(secret(?!ar)|password|passwd|token|api_?key|private_?key)\w*[\"']?\s*[=:]\s*"
        # The path of a class is none.
        r"[bf]?[\"'](?!workgroups\.)[^\"'{}\s]{6,}[\"']"
    )
    known = re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}|://\w+:\w+@"
    )
    ours = subprocess.run(
        [
            "git",
            "ls-files",
            "*.py",
            "*.toml",
            "*.conf",
            "*.service",
            "*.html",
            "*.js",
            "*.sh",
            ".ci/*",
        ],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    found = [
        (path, number)
        for path in ours
        # Invented ones are what tests are made of.
        if not path.startswith("tests/")
        for number, line in enumerate((settings.BASE_DIR / path).read_text().splitlines(), 1)
        if assigned.search(line) or known.search(line)
    ]

    assert ours
    # The demonstration's one password, which its first page prints; the key of the tests;
    # and the word “changed” about a password.
    assert {path for path, _ in found} == {
        "products/demo/people.py",
        "pyproject.toml",
        "workgroups/services/people.py",
    }


def test_only_the_settings_read_the_environment():
    reading = re.compile(r"os\.environ|getenv")
    found = {
        str(path.relative_to(settings.BASE_DIR))
        for room in ("isecg", "workgroups", "products")
        for path in (settings.BASE_DIR / room).rglob("*.py")
        if reading.search(path.read_text())
    }

    assert found == {"isecg/celery.py", "isecg/wsgi.py"}
