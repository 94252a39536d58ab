"""A Markdown draft through four versions to its public page, over HTTP: issue by issue."""

import io
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from isecg.events import log
from products.exchange.columns import Column
from products.models import Call, Comment, CommentPlace, Product, Release
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    ChairTermFactory,
    MandateFactory,
    ParticipationFactory,
    ProductFactory,
    UserFactory,
    WorkingGroupFactory,
)
from tests.products.test_story import errors_of, local

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CODES = ("ASI", "CSA", "ESA", "JAXA", "NASA")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FIRST = """# Global roadmap

Agencies share their plans.

The crew stays for ten days.

The gap is [studied/ analyzed].

Power comes from the sun alone.
"""
# The second paragraph of text goes behind the third; the last is taken out.
SECOND = """# Global roadmap

The crew stays for ten days.

Agencies share their plans.

The gap is [studied/ analyzed].
"""
THIRD = SECOND.replace("ten days", "thirty days")
FOURTH = THIRD.replace("[studied/ analyzed]", "studied")


class Group:
    """Five agencies with their heads, the chair and the secretariat, and what they send."""

    def __init__(self, traveller):
        self.traveller, self.client = traveller, Client()
        self.desk = UserFactory(name="Sam Secretariat", is_secretariat=True)
        self.heads = {}
        self.agencies = [AgencyFactory(code=code, key=code.lower()) for code in CODES]
        for agency in self.agencies:
            self.heads[agency.code] = MandateFactory(agency=agency).person
        ChairTermFactory(agency=self.agencies[2], person=self.heads["ESA"])
        self.group = WorkingGroupFactory(code="ERWG")

    def edition(self, code, number):
        product = ProductFactory(
            code=code,
            title=f"Global Roadmap {number}",
            kind="roadmap",
            series="GER",
            edition=str(number),
            group=self.group,
            abstract="What agencies plan together.",
        )
        for agency in self.agencies:
            ParticipationFactory(product=product, agency=agency)
        return product

    def post(self, who, name, *args, **fields):
        self.client.force_login(who)
        return self.client.post(reverse(name, args=args), fields)

    def done(self, who, name, *args, **fields):
        answer = self.post(who, name, *args, **fields)
        assert answer.status_code == 302, errors_of(answer)

    def page(self, who, name, *args, query=""):
        self.client.force_login(who)
        answer = self.client.get(reverse(name, args=args) + query)
        assert answer.status_code == 200
        return answer

    def write(self, code, text, *, after, change="substantive"):
        fields = {"how": "write", "text": text, "change_class": change, "note": "Said better."}
        fields |= {"expected_latest": after or "", "revision": "0"}
        self.done(self.desk, "version_new", code, **fields)

    def circulate(self, code):
        window = local(self.traveller_now() + timedelta(days=16))
        self.done(self.desk, "circulation_new", code, note="Please read.", confirm="yes", **window)
        self.traveller.shift(timedelta(days=17))

    def traveller_now(self):
        return datetime.now(UTC)

    def agree(self, code, *, reserving=""):
        until = self.traveller_now() + timedelta(days=10)
        self.done(
            self.desk,
            "call_new",
            code,
            question="Concur?",
            mode="explicit",
            confirm="yes",
            **local(until),
        )
        call = Call.objects.get(product__code=code, state="open")
        for code_of, head in self.heads.items():
            key, reserves = code_of.lower(), code_of == reserving
            self.done(
                head,
                "call_position",
                call.pk,
                key,
                **{
                    f"{key}-stand": "reservation" if reserves else "concur",
                    f"{key}-text": f"{code_of} has no plans for power." if reserves else "",
                },
            )
        outcome = "consensus_with_reservations" if reserving else "consensus"
        self.done(
            self.heads["ESA"], "declare", call.pk, outcome=outcome, statement="So.", reason=""
        )

    def take_table(self, code, agency, rows):
        """Have the head of an agency import its table of comments, and take the good rows."""
        sent = SimpleUploadedFile(f"{agency}.xlsx", table(agency, rows), content_type=XLSX)
        answer = self.post(
            self.heads[agency],
            "comments_import",
            code,
            file=sent,
            version="1",
            agency=agency.lower(),
            how="submit",
        )
        assert answer.status_code == 200, errors_of(answer)
        seen = answer.context["form"].initial
        assert answer.context["faults"] == ()
        self.done(self.heads[agency], "comments_take", code, **seen)


def table(agency, rows):
    """Return an XLSX in the columns of rule 37, as an agency would fill it in."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Comments"
    sheet.append([column.value for column in Column])
    for paragraph, text in rows:
        sheet.append(
            ["", agency, f"{agency} reviewer", 1, "", paragraph, "", "te", text, "", "", ""]
        )
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


@pytest.fixture
def group():
    with time_machine.travel(START, tick=False) as traveller:
        yield Group(traveller)


def state(code):
    return Product.objects.values_list("state", flat=True).get(code=code)


def fates(version):
    rows = CommentPlace.objects.filter(version__number=version, comment__product__code="GER-2026")
    return dict(rows.values_list("comment__number", "fate"))


def test_a_draft_through_four_versions_to_its_public_page(group):
    desk, heads = group.desk, group.heads
    earlier = group.edition("GER-2024", 1)
    earlier.state = State.RELEASED
    earlier.save_as(None, "The past.")
    Release(product=earlier, day="2024-08-01").save_as(None, "The past.")
    group.edition("GER-2026", 2)

    # The first version is shared, and five agencies send their tables of comments.
    group.write("GER-2026", FIRST, after=None)
    group.circulate("GER-2026")
    for place, agency in enumerate(CODES, start=1):
        group.take_table(
            "GER-2026", agency, [(str(place), f"{agency} doubts this."), ("", f"{agency} agrees.")]
        )
    comments = Comment.objects.filter(product__code="GER-2026")
    assert list(comments.values_list("number", "agency_code", "anchor")) == [
        (1, "ASI", 1),
        (2, "ASI", None),
        (3, "CSA", 2),
        (4, "CSA", None),
        (5, "ESA", 3),
        (6, "ESA", None),
        (7, "JAXA", 4),
        (8, "JAXA", None),
        (9, "NASA", 5),
        (10, "NASA", None),
    ]

    # The general ones are noted at once; the others are carried to what comes next.
    general = comments.filter(anchor=None).values_list("pk", flat=True)
    group.done(
        desk,
        "comments_dispose",
        "GER-2026",
        comments=list(general),
        disposition="noted",
        response="Thank you.",
    )
    group.write("GER-2026", SECOND, after=1)
    assert state("GER-2026") == State.DRAFTING
    assert fates(2) == {1: "same", 3: "moved", 5: "same", 7: "same", 9: "deleted"} or fates(2) == {
        1: "same",
        3: "same",
        5: "moved",
        7: "same",
        9: "deleted",
    }
    page = group.page(desk, "comments", "GER-2026").content.decode()
    assert "Version 2: text deleted" in page
    assert page.count("To be checked</span>") == 5

    # Dispositions; one author confirms, one does not agree.
    for number, disposition in ((1, "accepted"), (3, "rejected"), (5, "modified"), (7, "noted")):
        group.done(
            desk,
            "comments_dispose",
            "GER-2026",
            comments=[comments.get(number=number).pk],
            disposition=disposition,
            response="For this reason.",
        )
    group.write("GER-2026", THIRD, after=2)
    assert fates(3) == {9: "deleted"}

    # Agreed, and held by residue and by the comment that nobody answered.
    group.circulate("GER-2026")
    group.agree("GER-2026", reserving="CSA")
    gate = group.page(desk, "product_release", "GER-2026").content.decode()
    assert "[studied/ analyzed]" in gate
    assert "C-9" in gate
    refused = group.post(desk, "product_release", "GER-2026", reason="Out.")
    assert refused.status_code == 422
    assert state("GER-2026") == State.AGREED

    # The fourth version takes the residue out, and with it the agreement lapses.
    group.write("GER-2026", FOURTH, after=3)
    group.done(
        desk,
        "comments_dispose",
        "GER-2026",
        comments=[comments.get(number=9).pk],
        disposition="accepted",
        response="It is gone.",
    )
    assert group.client.get(reverse("publication", args=["GER-2026"])).status_code == 404
    group.circulate("GER-2026")
    group.agree("GER-2026", reserving="CSA")
    group.done(desk, "product_release", "GER-2026", reason="Out.", supersede="on")

    assert (state("GER-2026"), state("GER-2024")) == (State.RELEASED, State.SUPERSEDED)
    release = Release.objects.get(product__code="GER-2026")
    assert (release.version.number, release.overrides) == (4, {})
    assert [(row["agency"], row["text"]) for row in release.annex] == [
        ("CSA", "CSA has no plans for power.")
    ]

    # The public reads it, and what was before it.
    public = Client()
    page = public.get(reverse("publication", args=["GER-2026"])).content.decode()
    main = release.version.files.get(role="main")
    for words in (
        "Global Roadmap 2",
        "non-binding",
        "What agencies plan together.",
        *CODES,
        "CSA has no plans for power.",
        main.sha256,
    ):
        assert words in page
    assert "This edition is superseded" not in page
    file = public.get(reverse("publication_file", args=["GER-2026", main.name]))
    assert file.getvalue().decode() == FOURTH
    old = public.get(reverse("publication", args=["GER-2024"])).content.decode()
    assert "This edition is superseded by" in old

    # The next edition is released, and this one leads to it.
    group.edition("GER-2030", 3)
    group.write("GER-2030", "# The third\n\nOnwards.\n", after=None)
    group.circulate("GER-2030")
    group.agree("GER-2030")
    group.done(desk, "product_release", "GER-2030", reason="Out.", supersede="on")
    page = public.get(reverse("publication", args=["GER-2026"])).content.decode()
    assert "This edition is superseded by" in page
    assert reverse("publication", args=["GER-2030"]) in page
    assert public.get(reverse("publication_file", args=["GER-2026", main.name])).getvalue()
    assert heads
    assert log.verify()[2] is None
