"""Somebody who did all that a person can do here, and left: what privacy is tested on."""

from datetime import timedelta

from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db import models
from django.test import Client

from isecg import clock, stale
from isecg.mail.models import Letter
from products import files
from products.consensus import Outcome, Stand
from products.models import (
    CallRequest,
    CarryOver,
    Draft,
    Intervention,
    LedgerItem,
    ProductEditor,
)
from products.models.versions import ChangeClass
from products.services import calls, decisions, versions
from products.services import products as product_services
from tests.factories import (
    AgencyFactory,
    AgendaItemFactory,
    CommentFactory,
    MeetingFactory,
    UserFactory,
)
from tests.passkeys import make_passkey
from tests.products.world import make_call, write_version
from workgroups.services import addresses, chair, groups, invitations, people

NAME, ADDRESS = "Zenobia Quill", "zenobia@quill.example"
FORMER_NAME, FORMER_ADDRESS = "Zenobia O'Quell", "z.oquell@quell.example"
WORDS = ("Zenobia", "Quill", "Quell", "quill.example", "quell.example")


def make_leaver(world, *, traveller):
    """Have somebody take a full part in the site of ``world``; return them, still in office."""
    desk, agency = world.secretariat, world.agencies[0]
    person = UserFactory(
        name=FORMER_NAME, email=FORMER_ADDRESS, time_zone="Europe/Kyiv", is_secretariat=True
    )
    reported = make_call(2, days=3)
    for one in reported.agencies:
        calls.record_position(
            reported.call, agency=one, stand=Stand.CONCUR, text="", by=person, source="by phone"
        )
    traveller.shift(timedelta(days=4))
    people.edit_person(
        person,
        revision=stale.revision(person),
        reason="Moved to an agency.",
        by=desk,
        name=NAME,
        is_secretariat=False,
    )
    person.email = ADDRESS
    person.save_as(person, "Both addresses confirmed the change.")
    _come_in(person, desk)
    now = clock.now()
    mandate = {"capacity": "head", "starts_at": now, "reason": "By letter.", "by": desk}
    people.grant_mandate(agency, person=person, granted_by="The Director", **mandate)
    other = AgencyFactory()
    people.grant_mandate(
        other, person=UserFactory(), granted_by=f"{NAME}, for the Director", **mandate
    )
    groups.add_group_role(
        world.product.group, person=person, duty="editor", starts_at=now, reason="r", by=desk
    )
    meeting = MeetingFactory(host=agency)
    AgendaItemFactory(meeting=meeting, speaker=person)
    traveller.shift(timedelta(hours=1))
    chair.hand_over(
        agency, person=person, at=clock.now(), zone="UTC", meeting=meeting, reason="r", by=desk
    )
    traveller.shift(timedelta(minutes=1))
    decisions.declare(reported.product, outcome=Outcome.CONSENSUS, statement="So.", by=person)
    calls.record_position(world.call, agency=agency, stand=Stand.CONCUR, text="", by=person)
    # What the agency's other head says is written to them.
    world.say(0, Stand.ABSTAIN)
    world.say(0, Stand.CONCUR)
    drafting = product_services.Product.objects.filter(state="drafting").earliest("pk")
    product_services.add_editor(drafting, person=person, reason="Writes.", by=desk)
    versions.submit_version(
        drafting,
        main=files.from_text("# A text of theirs", name="theirs.md"),
        renditions=[],
        change_class=ChangeClass.SUBSTANTIVE,
        note="Written.",
        expected_latest=drafting.versions.count() or None,
        by=person,
    )
    latest = drafting.versions.order_by("number").last()
    comment = CommentFactory(version=latest, agency=agency, author=person)
    comment.save_as(person, "Said otherwise.")
    _act_in_calls(person, agency)
    Draft.objects.create(product=drafting, author=person, text="Not yet.", saved_at=clock.now())
    _write_letters(person, world)
    Client().force_login(person)
    return person


def _act_in_calls(person, agency):
    """Have them ask, speak beside the positions, answer, contest, waive and dispose."""
    now, given = clock.now(), make_call(1)
    call, version = given.call, given.call.version
    said = {"call": call, "agency": agency, "code": agency.code, "text": "A word.", "given_at": now}
    Intervention(kind="more_time", given_by=person, **said).save_as(person, "Said.")
    answer = {"answer": "So it is.", "answered_at": now, "answered_by": person}
    Intervention(kind="concern", given_by=given.heads[0], **said, **answer).save_as(person, "a")
    CallRequest(
        product=given.product, question="Why?", reason="So.", requested_at=now, requested_by=person
    ).save_as(person, "Asked.")
    CarryOver(
        call=call,
        before=version,
        version=write_version(given.product),
        at=now,
        contest_until=now + timedelta(days=5),
        contest="It is not.",
        contested_at=now,
        contested_for=agency,
        contested_by=person,
    ).save_as(person, "Contested.")
    elector = call.electors.get()
    elector.waiver, elector.waived_at, elector.waived_by = "By phone.", now, person
    elector.save_as(person, "Waived.")
    given.say(0, Stand.CONDITION, "Clause 2.")
    entry = call.entries.get()
    item = LedgerItem.objects.filter(entry=entry).first() or LedgerItem(
        product=given.product,
        call=call,
        version=version,
        entry=entry,
        kind="condition",
        number=1,
        agency=entry.agency,
        code=entry.agency.code,
        text=entry.text,
        registered_at=now,
    )
    item.state, item.disposition, item.disposed_at = "proposed", "Changed.", now
    item.disposed_by, item.answer_due_at = person, now + timedelta(days=30)
    item.save_as(person, "Proposed.")


def _come_in(person, desk):
    """Give them all that belongs to signing in, with their name and address in it."""
    now = clock.now()
    invited = invitations.invite(
        "z.invited@quill.example", name=NAME, invited_as="none", reason="Joins.", by=desk
    )
    invited.accepted_at, invited.accepted_by = now, person
    invited.save_as(person, "Accepted.")
    make_passkey(person, name=f"{NAME}'s key")
    SocialAccount.objects.create(user=person, provider="quill", uid=ADDRESS)
    UserSession.objects.create(
        user=person, ip="192.0.2.1", session_key="z" * 32, user_agent="Zenobia/1.0"
    )
    addresses.ask_for_change(person, email="z.other@quill.example")


def _write_letters(person, world):
    """Send them what was due, refuse one, and attach them to what others get."""
    mine = list(Letter.objects.filter(recipient=person).order_by("pk"))
    assert mine, "nothing was written to them"
    failed = Letter.objects.filter(recipient=world.secretariat).first() or mine[0]
    for letter, fields in (
        (mine[0], {"state": "sent", "sent_at": clock.now(), "html": f"<p>{NAME}</p>"}),
        (failed, {"html": "<p>Zenobia O&#x27;Quell</p>", "subject": f"From {NAME}"}),
    ):
        Letter.objects.filter(pk=letter.pk).update(**fields)
    folded = (
        "BEGIN:VCALENDAR\r\nATTENDEE;CN=Zenobia Qu\r\n ill:mailto:zenobia@qu\r\n ill.example\r\n"
    )
    attachment = {"name": "a.ics", "content": folded, "content_type": "text/calendar"}
    Letter.objects.filter(pk=failed.pk).update(attachments=[attachment])


def end_all(person, *, by):
    """End all by which they may act."""
    ending = {"reason": "Left.", "by": by}
    for mandate in person.mandates.filter(ends_at=None):
        people.end_mandate(mandate, **ending)
    for role in person.group_roles.filter(ends_at=None):
        groups.end_group_role(role, **ending)
    for term in person.chair_terms.filter(ends_at=None):
        chair.end_term(term, at=None, zone="UTC", **ending)
    for editor in ProductEditor.objects.filter(person=person, ended_at=None):
        product_services.end_editor(editor.product, editor=editor, **ending)


def columns_with(words):
    """Return every column of text in which one of ``words`` stands, whatever table it is in."""
    found = set()
    for model in apps.get_models():
        texts = [
            field
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField | models.JSONField)
        ]
        for row in model._base_manager.values(*[field.attname for field in texts]):
            for name, value in row.items():
                # A calendar file breaks its lines where it likes.
                text = str(value).replace("\\r\\n ", "").casefold()
                if any(word.casefold() in text for word in words):
                    found.add(f"{model._meta.label}.{name}")
    return found
