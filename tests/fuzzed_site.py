"""The site with a row of each kind, the people who look at it, and the forms they see."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from isecg import clock
from isecg.events.log import reference
from isecg.mail import outbox
from products import files
from products.consensus import Mode, Outcome, Stand
from products.ledger import LedgerAct
from products.models import (
    AgendaLink,
    CallRequest,
    CarryOver,
    CommentPlace,
    Decision,
    Draft,
    Intervention,
    LedgerItem,
    ProductEditor,
    WorkplanItem,
)
from products.models.versions import ChangeClass
from products.relations import RelationKind
from products.services import decisions, relations, releases, versions
from products.services import liaison as liaison_services
from products.views.product_acts import ACTS
from products.workflow import State
from tests.factories import (
    AgendaItemFactory,
    ChairTermFactory,
    CommentFactory,
    CommentWindowFactory,
    GroupRoleFactory,
    LiaisonContactFactory,
    MeetingFactory,
    ParticipationFactory,
    ProductFactory,
    PublicCommentFactory,
    WorkingGroupFactory,
)
from tests.passkeys import make_passkey
from tests.products.world import make_call, make_world
from workgroups.models import GroupMember, IdentityProvider, LiaisonOrganisation
from workgroups.roles import InvitedAs
from workgroups.services import addresses as addresses_of
from workgroups.services import invitations

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class FormReader(HTMLParser):
    """Collect the forms of a page: where each goes, and what it would send as it stands."""

    def __init__(self, page):
        super().__init__()
        self.page, self.forms = page, {}
        self._form, self._select, self._area = None, None, None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name = given.get("name")
        if tag == "form":
            action = given.get("action") or self.page
            self._form = self.forms.setdefault((given.get("method", "get"), action), {})
        elif "formaction" in given:
            # A button that sends the fields of its form elsewhere.
            self.forms["post", given["formaction"]] = self._form or {}
        elif self._form is None or (tag != "option" and not name):
            return
        elif tag == "input":
            self._input(given, name)
        elif tag == "select":
            self._select = name
            self._form.setdefault(name, "")
        elif tag == "option" and self._select:
            self._option(given)
        elif tag == "textarea":
            self._area, self._form[name] = name, ""

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._area:
            self._form[self._area] = self._form[self._area].lstrip("\n") or "Because."
            self._area = None

    def handle_data(self, data):
        if self._area and self._form is not None:
            self._form[self._area] += data

    def _option(self, given):
        if "selected" in given or not self._form[self._select]:
            self._form[self._select] = given.get("value", "")

    def _input(self, given, name):
        kind = given.get("type", "text")
        usual = {"date": "2026-06-01", "time": "12:00", "number": "3", "email": "a@example.org"}
        usual |= {"password": "a long enough password", "file": "", "hidden": "", "checkbox": "on"}
        if kind == "radio":
            if "checked" in given or name not in self._form:
                self._form[name] = given.get("value", "")
            return
        partial = "2026-06-01" if name in {"start", "end", "planned_end", "attested_on"} else None
        self._form[name] = given.get("value") or partial or usual.get(kind, "Text")


def addresses(patterns=None, prefix=""):
    """Return every address of the site but the admin's: its name, pattern and parameters."""
    found = []
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLPattern):
            if one.name:
                found.append(one.name)
        elif isinstance(one, URLResolver) and one.app_name != "admin":
            found += addresses(one.url_patterns)
    return found


ADDRESSES = sorted(set(addresses()))
PEOPLE = ["nobody", "reader", "head", "secretariat"]


@dataclass
class Site:
    """The rows, the signed-in people, and the forms that their pages show."""

    given: dict = field(default_factory=dict)
    cookies: dict = field(default_factory=dict)
    forms: dict = field(default_factory=dict)

    def urls_of(self, name):
        """Return the addresses of this name that lead to a row."""
        rows = self.given.get(name, [[]])
        return [reverse(name, args=args) for args in rows]

    def ask(self, who, method, path, *, body=b"", kind="", query=""):
        client = Client(raise_request_exception=False)
        if who in self.cookies:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.cookies[who]
        sent = {"content_type": kind} if kind else {}
        answer = client.generic(method, path, body, **sent, QUERY_STRING=query)
        if answer.streaming:
            # Read to its end, a file is closed.
            answer.getvalue()
        return answer


def _submit(product, text, *, by):
    versions.submit_version(
        product,
        main=files.from_text(text, name="main.md"),
        renditions=[],
        change_class=ChangeClass.SUBSTANTIVE,
        note="Said otherwise.",
        expected_latest=product.versions.count() or None,
        by=by,
    )


def token_about(row):
    """Return the token of the link that was sent about a row."""
    letter = outbox.Letter.objects.filter(about=reference(row)).first()
    return re.search(r"http://testserver/\w+/([\w-]+)/", letter.text)[1]


def _speak_beside(world, done, shared):
    """Put beside the positions what else is said in a call, open and declared."""
    for one in (world, done):
        CarryOver(
            call=one.call,
            before=one.call.version,
            version=one.call.version,
            at=clock.now(),
            contest_until=clock.now() + timedelta(days=7),
        ).save_as(None, "factory")
        Intervention(
            call=one.call,
            agency=one.agencies[0],
            code=one.agencies[0].code,
            kind="more_time",
            text="Our director is away.",
            given_at=clock.now(),
            given_by=one.heads[0],
        ).save_as(None, "factory")
    CallRequest(
        product=shared.product,
        question="Is this agreed?",
        reason="It is ripe.",
        requested_at=clock.now(),
        requested_by=shared.heads[0],
    ).save_as(None, "factory")


def make_rows():
    """Make a row of each kind, and say which addresses they have."""
    with clock.at(NOW - timedelta(days=40)):
        closed = make_call(2, days=10)
        closed.say(0, Stand.RESERVATION)
        agreed = make_call(2, codes=["ESA", "JAXA"], days=10)
        agreed.say(0, Stand.CONCUR)
        agreed.say(1, Stand.CONCUR)
        decisions.declare(
            agreed.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=agreed.secretariat
        )
        done = make_call(2, days=10)
        done.say(0, Stand.CONCUR)
        done.say(1, Stand.CONCUR)
        decisions.declare(
            done.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=done.secretariat
        )
        releases.release(done.product, reason="Agreed.", by=done.secretariat)
    world = make_call(3)
    world.say(1, Stand.CONDITION)
    silence = make_call(2, days=10, mode=Mode.SILENCE)
    shared = make_world(1)
    head, agency = world.heads[0], world.agencies[0]
    for product in (shared.product, agreed.product):
        ParticipationFactory(product=product, agency=agency)
    drafting = ProductFactory(state=State.DRAFTING)
    ParticipationFactory(product=drafting, agency=agency)
    for text in ("# One\n\nTwo.", "# One\n\nThree."):
        _submit(drafting, text, by=world.secretariat)
    editor = ProductEditor(product=drafting, person=head)
    editor.save_as(None, "factory")
    related = relations.relate(
        drafting,
        kind=RelationKind.BUILDS_ON,
        target=done.product,
        reason="It does.",
        by=world.secretariat,
    )
    proposed = ProductFactory(state=State.PROPOSED)
    group = WorkingGroupFactory(lead_agency=agency)
    member = GroupMember(group=group, agency=agency, start="2020")
    member.save_as(None, "factory")
    role = GroupRoleFactory(group=group, person=head)
    meeting = MeetingFactory(host=agency)
    past = MeetingFactory(starts_at=NOW - timedelta(days=9))
    item = AgendaItemFactory(meeting=meeting)
    ChairTermFactory(agency=agency)
    LiaisonOrganisation(code="ILEWG", name="Lunar group", relation="Reads.").save_as(
        None, "factory"
    )
    liaison = LiaisonOrganisation(code="UN", name="United Nations", relation="Reads.")
    liaison.save_as(None, "factory")
    contact = LiaisonContactFactory(organisation=liaison)
    liaison_services.send_version(
        drafting.versions.get(number=1),
        organisation=liaison,
        permission="the plenary",
        by=world.secretariat,
    )
    for said in (None, drafting.versions.get(number=1)):
        liaison_services.make_statement(liaison, version=said, text="Welcome.", by=contact.person)
    planned = WorkplanItem(kind="product", title="Plan", product=drafting, group=group)
    planned.save_as(None, "factory")
    AgendaLink.objects.create(item=item, product=drafting, version=drafting.versions.first())
    first, second = drafting.versions.order_by("number")
    comment = CommentFactory(version=first, agency=agency, author=head)
    CommentPlace.objects.create(comment=comment, version=second, anchor=1, fate="same")
    kept = [
        CommentFactory(version=second, agency=commenting, number=None, submitted_at=None)
        for commenting in world.agencies[:2]
    ]
    Draft.objects.create(product=drafting, author=head, text="Not yet.", saved_at=clock.now())
    window = CommentWindowFactory(
        product=done.product, version=done.product.release.version, opens_at=clock.now()
    )
    PublicCommentFactory(window=window)
    PublicCommentFactory(
        window=window,
        moderation="passed",
        moderated_at=clock.now(),
        handed_over_at=clock.now(),
    )
    posted = ProductFactory(code="POSTED", state=State.DRAFTING)
    _submit(posted, "# Posted", by=world.secretariat)
    CommentWindowFactory(version=posted.versions.get(), opens_at=clock.now())
    _speak_beside(world, done, shared)
    invitation = invitations.invite(
        "invited@example.org",
        invited_as=InvitedAs.STAFF,
        agency=agency,
        reason="Joins.",
        by=world.secretariat,
    )
    change = addresses_of.ask_for_change(head, email="other@example.org")
    provider = IdentityProvider(
        agency=agency,
        key="own",
        name="Own",
        # Nobody answers there: what is reached for is refused at once.
        server_url="http://127.0.0.1:9",
        client_id="tracker",
        domains=["example.org"],
    )
    provider.save_as(None, "factory")
    passkey = make_passkey(world.secretariat)
    letter = outbox.Letter.objects.first()
    decision = Decision.objects.first()
    rows = [world.product, shared.product, closed.product, agreed.product, done.product]
    rows += [drafting, proposed]
    calls = [world.call, closed.call, done.call]
    by_code = {name: [[row.code] for row in rows] for name in ADDRESSES}
    return world, {
        **{
            name: by_code[name]
            for name in ADDRESSES
            if name
            in [
                "product",
                "product_edit",
                "product_history",
                "product_release",
                "publication",
                "publication_csl",
                "publication_metadata",
                "publication_ris",
                "editor_new",
                "relation_new",
                "participant_new",
                "participant_end",
                "comment_drafts",
                "comments",
                "comments_dispose",
                "comments_import",
                "comments_take",
                "compare",
                "since_position",
                "version_new",
                "draft",
                "draft_preview",
                "draft_throw_away",
                "call_new",
                "circulation_new",
                "ledger",
            ]
        },
        "product_act": [[row.code, act] for row in rows for act in ACTS],
        "editor_end": [[drafting.code, editor.pk]],
        "relation_end": [[drafting.code, related.pk]],
        "version": [[drafting.code, 1], [drafting.code, 2], [done.product.code, 1]],
        "download": [[drafting.code, 1, "main.md"]],
        "publication_file": [[done.product.code, "v1.md"]],
        "publication_comment": [[done.product.code]],
        **{name: [[posted.code, 1]] for name in ["public_draft", "public_draft_comment"]},
        "public_draft_file": [[posted.code, 1, "main.md"]],
        "public_comments": [[done.product.code], [posted.code]],
        "public_comments_open": [[done.product.code], [drafting.code]],
        "public_comments_close": [[done.product.code]],
        "public_comments_act": [[done.product.code]],
        **{
            name: [[done.product.code, 2], [done.product.code, 1]]
            for name in ["public_comment", "public_comment_dispose", "public_comment_erase"]
        },
        "comments_export": [[drafting.code, "csv"], [drafting.code, "xlsx"]],
        "comments_template": [[drafting.code, "csv"], [drafting.code, "xlsx"]],
        "comment_new": [[drafting.code, 1], [drafting.code, 2]],
        **{
            name: [[drafting.code, comment.pk]]
            for name in [
                "comment",
                "comment_dispose",
                "comment_check",
                "comment_answer",
                "comment_withdraw",
            ]
        },
        **{
            name: [[drafting.code, row.pk] for row in kept]
            for name in ["comment_draft", "comment_draft_discard"]
        },
        **{
            name: [[call.pk] for call in calls]
            for name in [
                "call",
                "call_contest",
                "call_rehearsal",
                "call_on_behalf",
                "call_extend",
                "call_recall",
                "call_return",
                "call_intervene_on_behalf",
                "declare",
            ]
        },
        **{
            name: [[world.call.pk, one.key] for one in world.agencies[:2]]
            for name in ("call_position", "call_withdraw", "call_intervene", "call_reaffirm")
        },
        "ledger_item": [[one.product.code, one.pk] for one in LedgerItem.objects.all()],
        "ledger_act": [
            [one.product.code, one.pk, act.value]
            for one in LedgerItem.objects.all()
            for act in LedgerAct
        ],
        "intervention_answer": [[one.pk] for one in Intervention.objects.all()],
        "call_notices": [[silence.call.pk]],
        **{
            name: [[silence.call.pk, one.key] for one in silence.agencies]
            for name in ("call_serve_again", "call_waive_notice")
        },
        "call_request_new": [[shared.product.code]],
        "call_request_decline": [[shared.product.call_requests.get().pk]],
        "circulation": [[call.circulation_id] for call in calls],
        **{
            name: [[decision.year, decision.serial]]
            for name in ["decision", "decision_pdf", "decision_json", "decision_correct"]
        },
        **{
            name: [[decision.year, decision.serial, 0]]
            for name in ["decision_revision", "decision_revision_pdf", "decision_revision_json"]
        },
        "agenda_link": [[item.pk]],
        "workplan_item": [[planned.pk]],
        "workplan_item_edit": [[planned.pk]],
        "letter": [[letter.pk]],
        "person_edit": [[head.pk], [world.secretariat.pk]],
        "person_sessions_end": [[head.pk]],
        "person_factor_remove": [[head.pk]],
        "invitation_resend": [[invitation.pk]],
        "invitation_revoke": [[invitation.pk]],
        "invitation_accept": [[token_about(invitation)]],
        "address_confirm": [[token_about(change)]],
        "account_reset_password_from_key": [["1", "abc-def"], ["1", "set-password"]],
        "identity_provider_edit": [[provider.key]],
        "openid_connect_login": [[provider.key]],
        "openid_connect_callback": [[provider.key]],
        "mfa_edit_webauthn": [[passkey.pk]],
        "mfa_remove_webauthn": [[passkey.pk]],
        "person_erase": [[head.pk], [world.secretariat.pk]],
        **{
            name: [[agency.key]]
            for name in [
                "agency",
                "agency_edit",
                "agency_rename",
                "membership_start",
                "mandate_grant",
                "seat_confirm",
            ]
        },
        # The first has the chair, so that it cannot be succeeded; the other can.
        "agency_succession": [[agency.key], [world.agencies[2].key]],
        "membership_end": [[agency.key, agency.memberships.get().pk]],
        "mandate_end": [[agency.key, agency.mandates.get().pk]],
        "mandate_handover": [[agency.key, agency.mandates.get().pk]],
        **{
            name: [[group.code]]
            for name in ["group", "group_edit", "group_close", "group_member_add", "group_role_add"]
        },
        "group_member_end": [[group.code, member.pk]],
        "group_role_end": [[group.code, role.pk]],
        **{
            name: [[meeting.key], [past.key]]
            for name in [
                "meeting",
                "meeting_calendar",
                "meeting_edit",
                "meeting_move",
                "meeting_cancel",
                "meeting_attendance",
                "item_new",
            ]
        },
        "item_edit": [[meeting.key, item.pk]],
        "item_remove": [[meeting.key, item.pk]],
        "liaison_edit": [[liaison.code]],
        "liaison_contact_new": [[liaison.code]],
        "liaison_contact_end": [[liaison.code, contact.pk]],
        "statement_new": [[liaison.code]],
        "version_send": [[drafting.code, 1], [drafting.code, 2]],
    }


def read_forms(site):
    """Look at every page as those who may act; keep its forms."""
    for who in PEOPLE[2:]:
        for name in sorted({*ADDRESSES} - {"product_act"}):
            for url in site.urls_of(name):
                answer = site.ask(who, "GET", url)
                assert answer.status_code < 500, (who, url, answer.exc_info)
                if answer["Content-Type"].startswith("text/html"):
                    reader = FormReader(url)
                    reader.feed(answer.content.decode())
                    for key, fields in reader.forms.items():
                        site.forms.setdefault(key, {}).update(fields)
