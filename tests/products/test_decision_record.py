"""The record of a decision: what it keeps, how it is laid out, printed, and corrected."""

import json
from datetime import UTC, datetime, timedelta
from html import unescape
from types import SimpleNamespace

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock
from isecg.events import log
from isecg.events.models import Event
from isecg.mail.models import Letter
from products.consensus import Mode, Outcome, Stand
from products.decision_sheet import FORMAT, as_json, as_print, lay_out
from products.models import Decision
from products.models.interventions import InterventionKind
from products.services import (
    call_notices,
    calls,
    corrections,
    decisions,
    interventions,
    participation,
    releases,
)
from products.services.errors import ProductError
from products.typesetting.process import typeset
from products.workflow import State
from products.your_turn import your_turn
from tests.factories import AgencyFactory, MandateFactory
from tests.products.world import give_chair, make_call, make_carried
from workgroups.permissions import Standing

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOSTILE = (
    '#read("/etc/passwd") $x^2$ \\ *b* _i_ <a> @b `c` // no /* comment <script>alert(1)</script>'
)


@pytest.fixture
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def close(world, traveller):
    traveller.move_to(world.call.deadline + SECOND)


def declare(world, outcome=Outcome.CONSENSUS, *, by=None, **fields):
    return decisions.declare(
        world.product,
        **{"outcome": outcome, "statement": "So be it.", "by": by or world.secretariat, **fields},
    )


def deliver(world, *agencies):
    letters = Letter.objects.filter(kind="call.opened", recipient__mandates__agency__in=agencies)
    letters.update(state="sent", sent_at=clock.now())


def answer(text="It is answered.", *, to, by):
    interventions.answer_intervention(to, answer=text, by=by)


@pytest.fixture
def full(traveller):
    """Make a record in which there is some of nearly everything that an explicit call has."""
    world = make_call(codes=["ASI", "CNES", "CSA", "DLR", "ESA", "JAXA", "NASA"], code="GER-X")
    outsider = MandateFactory(agency=AgencyFactory(code="UKSA"))
    concern = interventions.intervene(
        world.call,
        agency=outsider.agency,
        kind=InterventionKind.CONCERN,
        text="We read it otherwise.",
        by=outsider.person,
    )
    answer(to=concern, by=world.secretariat)
    interventions.intervene(
        world.call,
        agency=world.agencies[5],
        kind=InterventionKind.MORE_TIME,
        text="Our ministry is asked.",
        by=world.secretariat,
        source="telephone, 2 March",
    )
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.RESERVATION, "Clause 2 is for study.\nClause 3 too.")
    world.say(2, Stand.CONDITION, "Clause 4 names the Moon.")
    calls.record_position(
        world.call,
        agency=world.agencies[3],
        stand=Stand.ABSTAIN,
        text="Not our field.",
        by=world.heads[3],
    )
    calls.record_position(
        world.call,
        agency=world.agencies[4],
        stand=Stand.CONCUR,
        text="",
        by=world.secretariat,
        source="letter of 3 March",
    )
    world.say(6, Stand.CONCUR)
    part = world.product.participations.get(agency=world.agencies[6])
    participation.leave(world.product, agency=part.agency, reason="Other plans.", by=world.heads[6])
    close(world, traveller)
    world.say(5, Stand.OBJECT, "Too late.")
    world.decision = declare(
        world,
        Outcome.PROVISIONAL,
        statement="Agreed, once CSA's condition is met.",
        interpretation="Agreed in substance.",
    )
    return world


def words_of(pdf):
    """Return what a reader of a PDF reads, each page, with single spaces."""
    document = pypdfium2.PdfDocument(pdf)
    return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def flat(text):
    return "".join(text.split())


# --- What is kept, and how it is laid out ----------------------------------------------------


def test_a_record_is_laid_out_whole(full):
    sheet = lay_out(Decision.objects.get())

    data = as_json(sheet)
    desk = str(full.secretariat)
    site = "http://testserver"
    assert data == {
        "format": FORMAT,
        "decision": {
            "number": "ISECG-D-2026-001",
            "revision": 0,
            "address": f"{site}/decisions/2026/1/revisions/0/",
            "correction": "",
            "corrected_at": None,
            "corrected_by": None,
            "non_binding": "A decision on a non-binding product of ISECG.",
        },
        "outcome": {
            "outcome": "provisional",
            "computed": "provisional",
            "reason": "",
            "statement": "Agreed, once CSA's condition is met.",
            "interpretation": "Agreed in substance.",
            "action": "Version 1 of GER-X is agreed provisionally: while a condition is open it is "
            "not released, but with a written reason.",
            "declared_by": {
                "by": desk,
                "as": "the secretariat",
                "because": "because the chair is vacant",
            },
            "declared_at": "2026-03-12T12:00:01+00:00",
        },
        "subject": {
            "question": "Is this agreed?",
            "product": {"code": "GER-X", "title": full.product.title},
            "version": 1,
            "sha256": full.call.version.sha256,
        },
        "positions": {
            "responded": 5,
            "of": 6,
            "percent": "83.3",
            "concur": {"count": 2, "percent": "33.3", "agencies": ["ASI", "ESA"]},
            "reservation": {"count": 1, "percent": "16.7", "agencies": ["CNES"]},
            "condition": {"count": 1, "percent": "16.7", "agencies": ["CSA"]},
            "abstain": {"count": 1, "percent": "16.7", "agencies": ["DLR"]},
            "object": {"count": 0, "percent": "0.0", "agencies": []},
            "no_response": {"count": 1, "percent": "16.7", "agencies": ["JAXA"]},
        },
        "reservations": [{"agency": "CNES", "text": "Clause 2 is for study.\nClause 3 too."}],
        "conditions": [{"agency": "CSA", "text": "Clause 4 names the Moon."}],
        "objections": [],
        "remarks": [{"agency": "DLR", "stand": "abstain", "text": "Not our field."}],
        "interventions": [
            {
                "agency": "UKSA",
                "kind": "concern",
                "text": "We read it otherwise.",
                "given_at": "2026-03-02T12:00:00+00:00",
                "by": "",
                "source": "",
                "answer": "It is answered.",
                "answered_at": "2026-03-02T12:00:00+00:00",
            },
            {
                "agency": "JAXA",
                "kind": "more_time",
                "text": "Our ministry is asked.",
                "given_at": "2026-03-02T12:00:00+00:00",
                "by": desk,
                "source": "telephone, 2 March",
                "answer": "",
                "answered_at": "",
            },
        ],
        "course": {
            "late": ["JAXA"],
            "left": ["NASA"],
            "lapsed": ["NASA"],
            "broken_by": [],
            "unreached": [],
            "succeeded": [],
            "waived": [],
            "carried": [],
            "on_behalf": [{"agency": "ESA", "by": desk, "source": "letter of 3 March"}],
        },
        "call": {
            "opened_at": "2026-03-02T12:00:00+00:00",
            "deadline": "2026-03-12T12:00:00+00:00",
            "closed_at": "2026-03-12T12:00:00+00:00",
            "mode": "explicit",
            "quorum": "0.5000",
            "minimum_support": "0.5000",
            "silence_hours": 0,
            "address": f"{site}/calls/{full.call.pk}/",
        },
        "electorate": {
            "agencies": [
                {"agency": agency.code, "name": agency.name} for agency in full.agencies[:6]
            ]
        },
    }


def test_what_is_printed_is_what_the_plain_values_say(full):
    printed = as_print(lay_out(Decision.objects.get()))

    sections = {section["title"]: section for section in printed["sections"]}
    lines = {
        title: [line for item in section["items"] for line in item["lines"]]
        for title, section in sections.items()
    }
    assert list(sections) == [
        "Decision",
        "Outcome",
        "What was decided on",
        "Positions",
        "Reservations",
        "Conditions",
        "Remarks with a position",
        "Said beside the positions",
        "In the course of the call",
        "The call",
        "Electorate",
    ]
    assert lines["Positions"] == ["Based on responses from 5 of 6 (83.3 %)."]
    assert sections["Positions"]["groups"][0] == {
        "label": "Concur",
        "count": "2",
        "percent": "33.3 %",
        "agencies": "ASI, ESA",
    }
    assert lines["In the course of the call"] == [
        "Came after the call had ended, and did not count: JAXA.",
        "Left the product while the call was open, and not counted: NASA.",
        "Their position lapsed when they left: NASA.",
        "ESA: recorded by Sam Secretariat for ESA, source: letter of 3 March.",
    ]
    assert [entry["head"] for entry in sections["Said beside the positions"]["statements"]] == [
        "UKSA: concern",
        "JAXA: request for more time",
    ]
    assert (
        "Declared by Sam Secretariat as the secretariat, because the chair is vacant."
        in (lines["Outcome"])
    )


def test_page_pdf_and_json_say_the_same(client, full):
    decision = Decision.objects.get()
    client.force_login(full.heads[0])

    page = flat(unescape(client.get(decision.get_absolute_url()).content.decode()))
    answered = client.get(reverse("decision_pdf", args=[2026, 1]))
    data = client.get(reverse("decision_json", args=[2026, 1])).json()

    assert answered["Content-Type"] == "application/pdf"
    pdf = flat(" ".join(words_of(answered.content)))
    sheet = lay_out(decision)
    assert data == json.loads(json.dumps(as_json(sheet)))
    for section in sheet.printed:
        assert flat(section.title) in page, section.title
        assert flat(section.title) in pdf, section.title
        for item in section.printed:
            for line in item.lines:
                text = flat(line)
                assert text in pdf, line
                # A page says an instant in the zone of its reader, which is UTC here; of
                # what leads to a page it may show the words alone.
                if item.kind != "hash" and not item.at:
                    assert flat(line.replace("\n", "<br>")) in page, line
        for group in section.groups:
            assert flat(", ".join(group.agencies)) in page
            assert flat(f"{group.label} {group.count} {group.percent} %") in pdf
        for statement in section.statements:
            assert flat(statement.text) in pdf
            assert flat(statement.text.replace("\n", "<br>")) in page


def test_a_record_of_former_days_shows_without_what_it_lacks(client, full):
    kept = (
        *["question", "version", "sha256", "mode", "opened_at", "deadline", "quorum"],
        *["minimum_support", "electorate", "left", "succeeded", "positions", "no_response", "late"],
        *["responded", "of", "percent", "reservations", "conditions", "objections", "on_behalf"],
    )
    old = Decision.objects.get()
    old.pk, old.serial, old.action, old.interpretation = None, 2, "", ""
    old.record = {name: old.record[name] for name in kept}
    old.record["on_behalf"][0]["by"] = "A Name Of Then"
    old.save(force_insert=True)
    client.force_login(full.heads[0])

    page = client.get(old.get_absolute_url()).content.decode()
    pdf = " ".join(words_of(client.get(reverse("decision_pdf", args=[2026, 2])).content))
    data = client.get(reverse("decision_json", args=[2026, 2])).json()

    for text in (page, pdf):
        assert "recorded by A Name Of Then for ESA" in text
        assert "is agreed provisionally" in text
        assert "Interpretation" not in text
    assert data["call"]["closed_at"] is None
    assert (data["interventions"], data["course"]["carried"]) == ([], [])
    assert data["electorate"]["agencies"][0] == {"agency": "ASI", "name": ""}


def test_the_silence_of_a_procedure_stands_apart_from_what_was_said(traveller):
    world = make_call(mode=Mode.SILENCE, codes=["ASI", "CNES", "ESA"])
    deliver(world, world.agencies[0], world.agencies[1])
    world.say(0, Stand.CONCUR)
    close(world, traveller)
    call_notices.waive_notice(
        world.call, agency=world.agencies[2], reason="It told us by phone.", by=world.secretariat
    )
    decision = declare(world)

    data = as_json(lay_out(decision))
    printed = " ".join(json.dumps(as_print(lay_out(decision)), ensure_ascii=False).split())

    assert data["positions"]["tacit"] == {
        "count": 2,
        "percent": "66.7",
        "agencies": ["CNES", "ESA"],
    }
    assert data["positions"]["concur"]["agencies"] == ["ASI"]
    assert data["positions"]["no_response"]["agencies"] == []
    assert (data["positions"]["responded"], data["positions"]["percent"]) == (1, "33.3")
    assert data["call"]["silence_hours"] == 72
    assert "Tacit consent" in printed
    assert (
        "ESA: its silence counts though the notice did not reach it, waived by Sam Secretariat: "
        "It told us by phone." in printed
    )
    assert "not asked in a silence procedure" in printed


def test_what_was_given_on_an_earlier_version_is_said_so(traveller):
    world = make_carried(Stand.CONCUR, Stand.CONCUR)
    world.say(2, Stand.CONCUR)
    close(world, traveller)
    decision = declare(world)

    sheet = as_json(lay_out(decision))

    assert sheet["subject"]["version"] == 2
    assert sheet["course"]["carried"] == [
        {"agency": "ASI", "given_on": 1, "carried_to": 2},
        {"agency": "CNES", "given_on": 1, "carried_to": 2},
    ]


# --- Declaring -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [InterventionKind.MORE_TIME, InterventionKind.AMENDMENT])
def test_a_broken_silence_is_declared_as_it_is(traveller, kind):
    world = make_call(mode=Mode.SILENCE, codes=["ASI", "CNES"])
    deliver(world, *world.agencies)
    interventions.intervene(
        world.call, agency=world.agencies[1], kind=kind, text="A month.", by=world.heads[1]
    )

    with pytest.raises(ProductError, match="declared as it is"):
        declare(world, Outcome.NO_QUORUM, reason="Weaker.")
    decision = declare(world, Outcome.SILENCE_BROKEN)

    world.product.refresh_from_db()
    assert world.product.state == State.DRAFTING
    assert (decision.outcome, decision.computed) == ("silence_broken", "silence_broken")
    assert decision.record["broken_by"] == ["CNES"]
    assert decision.record["tacit"] == []


def test_a_silence_that_is_not_valid_is_declared_as_it_is(traveller):
    world = make_call(mode=Mode.SILENCE, codes=["ASI", "CNES"])
    deliver(world, world.agencies[0])
    close(world, traveller)

    with pytest.raises(ProductError, match="declared as it is"):
        declare(world)
    decision = declare(world, Outcome.SILENCE_NOT_VALID)

    world.product.refresh_from_db()
    assert world.product.state == State.DRAFTING
    assert (decision.record["unreached"], decision.record["no_response"]) == (["CNES"], ["CNES"])
    assert decision.record["tacit"] == ["ASI"]


@pytest.mark.parametrize("mode", Mode)
def test_the_secretariat_declares_where_the_chairs_agency_objects(client, traveller, mode):
    world = make_call(mode=mode, codes=["ASI", "CNES"])
    deliver(world, *world.agencies)
    give_chair(world.agencies[1])
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.OBJECT, "No.")
    close(world, traveller)
    found = Outcome.SILENCE_BROKEN if mode == Mode.SILENCE else Outcome.DISSENT
    client.force_login(world.secretariat)
    because = "because CNES, which holds the chair, objects"

    assert because in client.get(reverse("declare", args=[world.call.pk])).content.decode()
    with pytest.raises(PermissionDenied):
        declare(world, found, by=world.heads[1])
    decision = declare(world, found)

    assert (decision.declared_as, decision.record["because"]) == ("the secretariat", because)
    page = client.get(decision.get_absolute_url()).content.decode()
    assert f"Declared by Sam Secretariat as the secretariat, {because}." in page


def test_a_declaration_of_the_chair_gives_no_reason_for_who_declares(traveller):
    world = make_call(codes=["ASI", "CNES"])
    give_chair(world.agencies[0])
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONCUR)

    decision = declare(world, by=world.heads[0])

    assert (decision.declared_as, decision.record["because"]) == ("the chair (ASI)", "")


@pytest.mark.parametrize(
    ("chosen", "typed", "kept"),
    [
        ("consensus", None, "is agreed and goes to the release gate."),
        ("consensus", "", "is agreed and goes to the release gate."),
        ("consensus", "Print it by June.", "Print it by June."),
        # The words for the computed outcome do not follow from a weaker one.
        ("dissent", None, "goes back to drafting."),
        ("dissent", "Ask again in May.", "Ask again in May."),
    ],
)
def test_declare_fills_in_what_follows_and_keeps_what_is_typed(
    client, traveller, chosen, typed, kept
):
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    client.force_login(world.secretariat)
    url = reverse("declare", args=[world.call.pk])
    action = client.get(url).context["form"]["action"].value()

    client.post(
        url,
        {
            "outcome": chosen,
            "statement": "So be it.",
            "interpretation": "As it says.",
            "action": action if typed is None else typed,
            "reason": "Budgets." if chosen == "dissent" else "",
        },
    )

    decision = Decision.objects.get()
    assert action.endswith("is agreed and goes to the release gate.")
    assert decision.action.endswith(kept)
    assert decision.interpretation == "As it says."
    letter = Letter.objects.filter(kind="decision.declared").first()
    assert f"Resulting action: {decision.action}" in letter.text
    assert "To be understood as: As it says." in letter.text


# --- The PDF ---------------------------------------------------------------------------------


def pdf_of(decision):
    return typeset("decision.typ", as_print(lay_out(decision)))


def test_the_pdf_is_tagged_titled_and_numbered(full):
    pdf = pdf_of(full.decision)

    document = pypdfium2.PdfDocument(pdf)
    language = pdfium.FPDFCatalog_GetLanguage(document.raw, None, 0)
    buffer = (pdfium.FPDF_WCHAR * language)()
    pdfium.FPDFCatalog_GetLanguage(document.raw, buffer, language)
    assert pdfium.FPDFCatalog_IsTagged(document.raw)
    assert bytes(buffer).decode("utf-16-le").rstrip("\0") == "en-GB"
    described = document.get_metadata_dict()
    assert described["Title"] == "Decision record ISECG-D-2026-001"
    assert described["CreationDate"] == "D:20260312120001Z"
    width, height = document[0].get_size()
    assert (round(width), round(height)) == (595, 842)
    for number, words in enumerate(words_of(pdf), start=1):
        assert words.endswith(f"ISECG-D-2026-001 non-binding Page {number} of {len(document)}")


def test_the_pdf_of_a_revision_has_the_same_bytes_at_every_time(full, traveller):
    first = pdf_of(full.decision)
    traveller.shift(timedelta(days=400))

    assert pdf_of(Decision.objects.get()) == first


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        (HOSTILE, HOSTILE),
        ("= No heading\n- no list\n\n#pagebreak()", "= No heading - no list #pagebreak()"),
        ("Ελληνικά Українська ąęł", "Ελληνικά Українська ąęł"),
        ("one\0two\x07three", "one\ufffdtwo\ufffdthree"),
        ("agreed \u202enot", "agreed \ufffdnot"),
    ],
)
def test_what_people_wrote_is_printed_as_text(full, text, printed):
    full.decision.statement = text

    words = " ".join(words_of(pdf_of(full.decision)))

    assert f"Statement {printed} Interpretation" in words
    assert "Some signs of this record" not in words


@pytest.mark.parametrize("text", ["\U0001f680 and 日本語 stay", "שלום \U0001f680 stay"])
def test_signs_that_no_font_has_are_told_of_and_break_nothing(full, text):
    full.decision.statement = text

    pdf = pdf_of(full.decision)

    words = " ".join(words_of(pdf))
    assert "Some signs of this record are in no font of this file" in words
    assert "stay" in words
    # Still with its tags.
    assert pdfium.FPDFCatalog_IsTagged(pypdfium2.PdfDocument(pdf).raw)


@pytest.mark.parametrize("text", ["x" * 100_000, "word " * 20_000, "\n" * 100_000, "a\n" * 20_000])
def test_a_statement_without_measure_is_set_in_time(full, text):
    full.decision.statement = text

    assert len(words_of(pdf_of(full.decision))) >= 1


def test_where_no_pdf_can_be_made_the_page_says_so(client, full, settings):
    settings.ISECG_EXTRACTIONS, settings.ISECG_EXTRACTION_WAIT_SECONDS = 0, 0
    client.force_login(full.heads[0])

    answered = client.get(reverse("decision_pdf", args=[2026, 1]), follow=True)

    assert answered.redirect_chain == [("/decisions/2026/1/revisions/0/", 302)]
    assert "The PDF was not made" in answered.content.decode()


def test_a_document_that_goes_beyond_the_limits_is_refused(client, full, monkeypatch):
    monkeypatch.setattr("products.typesetting.process.WALL_SECONDS", 0.001)
    client.force_login(full.heads[0])

    answered = client.get(reverse("decision_pdf", args=[2026, 1]), follow=True)

    assert "could not be made within its limits" in answered.content.decode()


@pytest.mark.parametrize("name", ["decision_pdf", "decision_json"])
def test_the_files_are_private_and_named_by_their_number(client, full, name):
    client.force_login(full.heads[0])

    answered = client.get(reverse(name, args=[2026, 1]))

    suffix = name.partition("_")[2]
    assert answered["Content-Disposition"] == f'inline; filename="ISECG-D-2026-001.{suffix}"'
    assert answered["Cache-Control"] == "no-store, private"
    for gone in ([2026, 7], [2025, 1]):
        assert client.get(reverse(name, args=gone)).status_code == 404


# --- Corrections -----------------------------------------------------------------------------


def correct(decision, *, by, **changed):
    texts = {
        "statement": decision.statement,
        "interpretation": decision.interpretation,
        "action": decision.action,
        "correction": "A slip of the pen.",
    }
    return corrections.correct(decision, by=by, **texts | changed)


@pytest.fixture
def agreed(traveller):
    """Make a product that its agencies agreed on, and the decision."""
    world = make_call(codes=["ASI", "CNES"], code="AGREED")
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.RESERVATION, "Clause 2 is for study.")
    decision = declare(world, Outcome.WITH_RESERVATIONS)
    traveller.shift(timedelta(days=1))
    return SimpleNamespace(world=world, decision=decision)


def test_a_correction_is_a_revision_that_alters_no_count(agreed):
    world, first = agreed.world, agreed.decision

    second = correct(first, statement="So be it, then.", by=world.secretariat)

    assert second.number == "ISECG-D-2026-001 rev. 1"
    same = ("call_id", "outcome", "computed", "reason", "declared_at", "declared_by", "declared_as")
    assert {name: getattr(second, name) for name in same} == {
        name: getattr(first, name) for name in same
    }
    assert (second.statement, second.correction) == ("So be it, then.", "A slip of the pen.")
    assert second.record == {
        **first.record,
        "corrected": {
            "at": "2026-03-03T12:00:00+00:00",
            "by": f"user:{world.secretariat.pk}",
            "as": "the secretariat",
        },
    }
    first.refresh_from_db()
    assert (first.revision, first.statement) == (0, "So be it.")
    event = Event.objects.get(event="decision.corrected")
    assert (event.payload["before"], event.payload["after"]) == (
        {"statement": "So be it."},
        {"decision": "ISECG-D-2026-001 rev. 1", "statement": "So be it, then."},
    )
    assert log.verify()[2] is None


def test_a_correction_is_sent_to_whom_the_declaration_went(agreed):
    world = agreed.world
    outsider = MandateFactory().person

    correct(agreed.decision, statement="So be it, then.", by=world.secretariat)

    def told(kind):
        return set(Letter.objects.filter(kind=kind).values_list("recipient", flat=True))

    assert told("decision.corrected") == told("decision.declared")
    assert outsider.pk not in told("decision.corrected")
    letter = Letter.objects.filter(kind="decision.corrected").first()
    for words in (
        "it is now ISECG-D-2026-001 rev. 1",
        "A slip of the pen.",
        "So be it, then.",
        "Corrected by Sam Secretariat as the secretariat.",
        "http://testserver/decisions/2026/1/",
    ):
        assert words in letter.text


def test_the_chair_in_office_corrects_too_and_nobody_else(agreed):
    world = agreed.world
    give_chair(world.agencies[0])

    for nobody in (world.heads[1], MandateFactory().person):
        with pytest.raises(PermissionDenied):
            correct(agreed.decision, statement="Other.", by=nobody)
    second = correct(agreed.decision, statement="Other.", by=world.heads[0])

    assert second.record["corrected"]["as"] == "the chair (ASI)"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "Nothing is corrected"),
        ({"statement": " So be it.\r\n"}, "Nothing is corrected"),
        ({"action": ""}, "Nothing is corrected"),
        ({"statement": " "}, "needs its outcome statement"),
        ({"statement": "Other.", "correction": " "}, "Say what is corrected"),
    ],
)
def test_correct_refuses_what_corrects_nothing(agreed, changed, words):
    with pytest.raises(ProductError, match=words):
        correct(agreed.decision, by=agreed.world.secretariat, **changed)

    assert Decision.objects.count() == 1


def test_correct_refuses_a_revision_that_was_corrected_meanwhile(client, agreed):
    world = agreed.world
    client.force_login(world.secretariat)
    url = reverse("decision_correct", args=[2026, 1])
    form = client.get(url).context["form"]
    typed = {name: form[name].value() for name in form.fields}
    correct(agreed.decision, statement="First.", by=world.secretariat)

    answered = client.post(url, {**typed, "statement": "Second.", "correction": "Why."})

    assert answered.status_code == 422
    assert "ISECG-D-2026-001 rev. 1 is its latest revision" in unescape(answered.content.decode())
    assert "Second." in answered.content.decode()
    assert Decision.objects.count() == 2


def test_the_form_of_a_correction_begins_with_the_record(client, agreed):
    client.force_login(agreed.world.secretariat)
    url = reverse("decision_correct", args=[2026, 1])
    form = client.get(url).context["form"]
    typed = {name: form[name].value() for name in form.fields}

    refused = client.post(url, {**typed, "statement": "Other.", "correction": ""})
    done = client.post(url, {**typed, "statement": "Other.", "correction": "Why."})

    assert typed == {
        "statement": "So be it.",
        "interpretation": "",
        "action": "Version 1 of AGREED is agreed and goes to the release gate.",
        "correction": None,
        "revision": 0,
    }
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["correction"])
    assert (done.status_code, done["Location"]) == (302, "/decisions/2026/1/")
    # Of a record that keeps no action, the one that it shows is not a correction.
    assert Decision.objects.get(revision=1).action == typed["action"]


def test_each_revision_stays_at_its_address_and_names_the_others(client, agreed):
    world = agreed.world
    correct(agreed.decision, statement="So be it, then.", by=world.secretariat)
    client.force_login(world.heads[0])

    def read(*args, name="decision_revision"):
        return client.get(reverse(name, args=args)).content.decode()

    latest, old, new = read(2026, 1, name="decision"), read(2026, 1, 0), read(2026, 1, 1)

    banner = "This record was corrected:"
    assert [banner in page for page in (latest, old, new)] == [False, True, False]
    assert "So be it, then." in latest
    assert "So be it, then." not in old
    for page in (latest, old, new):
        assert 'href="/decisions/2026/1/revisions/0/"' in page
        assert 'href="/decisions/2026/1/revisions/1/"' in page
    assert "A slip of the pen." in latest
    assert "Corrected by Sam Secretariat as the secretariat" in latest
    data = client.get(reverse("decision_json", args=[2026, 1])).json()
    assert (data["decision"]["revision"], data["decision"]["corrected_at"]) == (
        1,
        "2026-03-03T12:00:00+00:00",
    )
    before = client.get(reverse("decision_revision_json", args=[2026, 1, 0])).json()
    assert {name for name in data if data[name] != before[name]} == {"decision", "outcome"}
    printed = client.get(reverse("decision_revision_pdf", args=[2026, 1, 1])).content
    assert "ISECG-D-2026-001 rev. 1 non-binding Page 1" in words_of(printed)[0]
    for name in ("decision_revision", "decision_revision_pdf", "decision_revision_json"):
        assert client.get(reverse(name, args=[2026, 1, 2])).status_code == 404


def test_a_corrected_decision_is_released_as_it_was_agreed(client, agreed):
    world = agreed.world
    second = correct(agreed.decision, statement="So be it, then.", by=world.secretariat)
    world.product.refresh_from_db()

    def own(person):
        rows = your_turn(Standing.of(person))
        return [turn.label for turn in rows if turn.product == world.product]

    assert own(world.secretariat).count("Agreed") == 1
    release = releases.release(world.product, reason="Agreed.", by=world.secretariat)

    assert release.decision == second
    assert [(entry["agency"], entry["text"]) for entry in release.annex] == [
        ("CNES", "Clause 2 is for study.")
    ]
    third = correct(second, statement="So be it, at last.", by=world.secretariat)
    world.product.refresh_from_db()
    assert world.product.state == State.RELEASED
    release.refresh_from_db()
    assert release.decision == second
    client.force_login(world.heads[0])
    page = client.get(world.product.get_absolute_url()).content.decode()
    assert third.get_absolute_url() in page


def test_a_correction_of_an_earlier_decision_does_not_become_the_last(agreed, traveller):
    """The release rests on what was declared last, whatever was corrected since."""
    world, first = agreed.world, agreed.decision
    other = make_call(codes=["DLR"], code="OTHER")
    other.say(0, Stand.CONCUR)
    declare(other)

    correct(first, statement="So be it, then.", by=world.secretariat)

    numbers = [str(row) for row in Decision.objects.order_by("-declared_at", "-revision")]
    assert numbers == ["ISECG-D-2026-002", "ISECG-D-2026-001 rev. 1", "ISECG-D-2026-001"]


# --- The list --------------------------------------------------------------------------------


def copy_of(decision, **fields):
    row = Decision.objects.get(pk=decision.pk)
    row.pk = None
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(force_insert=True)
    return row


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["ISECG-D-2026-002", "ISECG-D-2026-001 rev. 1", "ISECG-D-2025-001"]),
        ("?year=2026", ["ISECG-D-2026-002", "ISECG-D-2026-001 rev. 1"]),
        ("?outcome=dissent", ["ISECG-D-2026-002"]),
        ("?year=2025&outcome=dissent", []),
        ("?year=1999", []),
        ("?year=x&outcome=%00", []),
    ],
)
def test_the_list_is_filtered_and_names_each_record_once(client, agreed, query, numbers):
    world, first = agreed.world, agreed.decision
    correct(first, statement="So be it, then.", by=world.secretariat)
    copy_of(first, serial=2, outcome="dissent", reason="Weaker.")
    copy_of(first, year=2025)
    client.force_login(world.heads[0])

    answered = client.get(reverse("decisions") + query)

    assert [row.number for row in answered.context["page"]] == numbers


def test_the_list_and_the_record_cost_the_same_at_any_number(client, agreed):
    client.force_login(agreed.world.heads[0])

    def cost():
        with CaptureQueriesContext(connection) as found:
            client.get(reverse("decisions"))
        with CaptureQueriesContext(connection) as one:
            client.get(agreed.decision.get_absolute_url())
        return len(found), len(one)

    for serial in range(2, 11):
        copy_of(agreed.decision, serial=serial)
    before = cost()
    for serial in range(11, 101):
        copy_of(agreed.decision, serial=serial)

    assert cost() == before
    assert before[1] <= 8
