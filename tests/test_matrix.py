"""Every address by every kind of person, against a table written from the rules.

What a person may not see does not exist for them (404); what they see and may not do is
refused (403); who is not signed in is asked to. An address that is not in the table fails.
"""

import re
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from isecg import clock
from isecg.events.log import reference
from isecg.mail.models import Heartbeat, Letter
from products.consensus import Mode, Outcome, Stand
from products.models import (
    AgendaLink,
    CallRequest,
    Intervention,
    LedgerItem,
    PositionEntry,
    ProductEditor,
    Relation,
    WorkplanItem,
)
from products.services import decisions, releases
from products.services.liaison import send_version
from products.views import product_acts
from tests.factories import (
    AgencyFactory,
    AgendaItemFactory,
    ChairTermFactory,
    CommentFactory,
    CommentWindowFactory,
    GroupRoleFactory,
    LiaisonContactFactory,
    MandateFactory,
    ProductFactory,
    PublicCommentFactory,
    UserFactory,
)
from tests.products.world import make_call, write_version
from workgroups.models import GroupMember, IdentityProvider, LiaisonContact, LiaisonOrganisation
from workgroups.roles import Capacity, GroupDuty, InvitedAs
from workgroups.services import addresses as addresses_of
from workgroups.services import invitations

pytestmark = pytest.mark.django_db

# The columns of the table. All but the outsider, the contact of a liaison organisation, the
# secretariat and the superuser hold a mandate of a member agency, or did: who edits, co-chairs
# or has the chair does so as staff.
# "elsewhere" is the head of an agency that takes no part, co-chairs another group and edits
# another product: powers that must not reach here. The superuser holds nothing beside. The
# "delegate" is staff of the first agency for the draft alone: no other product is theirs.
PEOPLE = (
    "nobody",
    "outsider",
    "liaison",
    "staff",
    "head",
    "alternate",
    "editor",
    "co-chair",
    "elsewhere",
    "chair",
    "secretariat",
    "superuser",
    "suspended",
    "delegate",
)

# o   the page (GET 200); the act is theirs: done, or refused for what was typed (POST 302, 422)
# p   a page in answer to POST (200)
# r   led to another page
# s   led to the sign-in
# f   refused (403)
# h   hidden (404)
# m   no such method here (405)
#
#             nobody outs liai staff head alt edit co-ch else chair secr super susp dele
PUBLIC = "    o    o    o    o    o    o    o    o    o    o    o    o    o    o"
ENTRANCE = "  o    r    r    r    r    r    r    r    r    r    r    r    o    r"
ENTERING = "  p    r    r    r    r    r    r    r    r    r    r    r    p    r"
LED_ON = "    s    r    r    r    r    r    r    r    r    r    r    r    s    r"
ALL = "       s    o    o    o    o    o    o    o    o    o    o    o    s    o"
MEMBERS = "   s    h    h    o    o    o    o    o    o    o    o    h    s    o"
# A released product of another than the draft, less what is released of it:
APART = "     s    h    h    o    o    o    o    o    o    o    o    h    s    h"
DESK = "      s    f    f    f    f    f    f    f    f    f    o    f    s    f"
LEADERS = "   s    f    f    f    f    f    f    f    f    o    o    f    s    f"
WINDOW = "    s    s    s    s    s    s    s    s    s    s    s    o    s    s"
WINDOW_P = "  s    s    s    s    s    s    s    s    s    s    s    p    s    s"
NAMERS = "    s    f    f    f    o    f    f    f    f    f    o    f    s    f"
SPEAKERS = "  s    f    f    f    o    o    f    f    f    f    o    f    s    f"
ABSENT = "    s    h    h    h    h    h    h    h    h    h    h    h    s    h"
READ = "      s    m    m    m    m    m    m    m    m    m    m    m    s    m"
READ_PUB = "  m    m    m    m    m    m    m    m    m    m    m    m    m    m"
TO_ENTRANCE = "r    r    r    r    r    r    r    r    r    r    r    r    r    r"
NOWHERE = "   h    h    h    h    h    h    h    h    h    h    h    h    h    h"
FORM_PUB = "  p    p    p    p    p    p    p    p    p    p    p    p    p    p"
LEAVING = "   r    o    o    o    o    o    o    o    o    o    o    o    r    o"
SHOWN_INVITED = "o    o    o    o    o    o    o    o    o    o    o    o    o    o"
# A form that is shown once more, with what is wrong with it.
FORM = "      s    p    p    p    p    p    p    p    p    p    p    p    s    p"
ACCOUNTS = "  s    f    f    f    f    f    f    f    f    f    o    o    s    f"
INVITERS = "  s    f    f    f    o    f    f    f    o    f    o    f    s    f"
INVITERS_1 = "s    f    f    f    o    f    f    f    h    f    o    f    s    f"
INVITERS_0 = "s    f    f    f    h    f    f    f    h    f    o    f    s    f"
# On a product of which an outsider knows nothing, or on its call:
WRITERS = "   s    h    h    f    f    f    o    o    f    f    o    h    s    f"
WRITERS_P = " s    h    h    f    f    f    p    p    f    f    p    h    s    f"
ANSWERS = "   s    h    h    f    f    f    o    o    f    o    o    h    s    f"
# On what is agreed and is not the draft, of which the delegate knows nothing either:
CORRECTS = "  s    h    h    f    f    f    f    f    f    o    o    h    s    h"
CONVENE = "   s    h    h    f    f    f    f    f    f    o    o    h    s    f"
# On a call on another product than the draft:
CONVENE_APART = "s  h    h    f    f    f    f    f    f    o    o    h    s    h"
BY_DESK = "   s    h    h    f    f    f    f    f    f    f    o    h    s    f"
# Of the draft, what only the secretariat sees yet:
HELD = "      s    h    h    h    h    h    h    h    h    h    o    h    s    h"
BY_CHAIR = "  s    h    h    f    f    f    f    f    f    o    f    h    s    f"
BY_GROUP = "  s    h    h    f    f    f    f    o    f    f    f    h    s    f"
VOICES = "    s    h    h    f    o    o    f    f    f    f    f    h    s    f"
VOICED = "    s    h    h    f    o    o    f    f    f    f    o    h    s    f"
PARTS = "     s    h    h    f    o    o    f    f    o    f    o    h    s    f"
# What changed since one's agency took a position: who reads drafts and belongs to none asks not.
OF_AGENCY = " s    h    h    r    r    r    r    r    r    r    f    h    s    r"
OF_AGENCY_R = "s   h    h    r    r    r    r    r    r    r    f    h    s    h"
# On version 1 of the draft, which alone was sent to the contact's organisation:
SENT = "      s    h    o    o    o    o    o    o    o    o    o    h    s    o"
SENDS = "     s    h    f    f    f    f    f    f    f    f    o    h    s    f"
# The first agency's comment on the draft, and what it has not given in yet:
ANSWERERS = " s    h    h    o    o    o    f    f    f    f    f    h    s    o"
OWN_DRAFT = " s    h    h    o    o    o    h    h    h    h    h    h    s    o"
# The statements of that organisation:
STATES = "    s    f    o    f    f    f    f    f    f    f    o    f    s    f"
# On a released product of the same group, which everybody sees and the editor does not edit:
WRITERS_R = " s    f    f    f    f    f    f    o    f    f    o    f    s    f"

BY_DESK_R = " s    f    f    f    f    f    f    f    f    f    o    f    s    f"

# The name of an address, and what it is asked about where that decides; then GET and POST.
TABLE = {
    # Without a sign-in.
    "healthz": (PUBLIC, READ_PUB),
    "readyz": (PUBLIC, READ_PUB),
    "account_login": (ENTRANCE, ENTERING),
    "mfa_login_webauthn": (TO_ENTRANCE, TO_ENTRANCE),
    "mfa_authenticate": (TO_ENTRANCE, TO_ENTRANCE),
    "account_inactive": (PUBLIC, READ_PUB),
    "socialaccount_login_cancelled": (PUBLIC, READ_PUB),
    "openid_connect_login": (NOWHERE, NOWHERE),
    "openid_connect_callback": (NOWHERE, NOWHERE),
    "account_reset_password": (PUBLIC, FORM_PUB),
    "account_reset_password_done": (PUBLIC, READ_PUB),
    "account_reset_password_from_key": (PUBLIC, FORM_PUB),
    "account_reset_password_from_key_done": (PUBLIC, READ_PUB),
    "invitation_accept": (PUBLIC, SHOWN_INVITED),
    "address_confirm": (PUBLIC, FORM_PUB),
    # What is released is read by everybody (rule 35), and nothing else is.
    "publications": (PUBLIC, READ_PUB),
    "publications_feed": (PUBLIC, READ_PUB),
    "publication draft": (NOWHERE, READ_PUB),
    "publication released": (PUBLIC, READ_PUB),
    "publication_file draft": (NOWHERE, READ_PUB),
    "publication_file released": (PUBLIC, READ_PUB),
    "publication_file unreleased": (NOWHERE, READ_PUB),
    "publication_metadata draft": (NOWHERE, READ_PUB),
    "publication_metadata released": (PUBLIC, READ_PUB),
    "publication_csl draft": (NOWHERE, READ_PUB),
    "publication_csl released": (PUBLIC, READ_PUB),
    "publication_ris draft": (NOWHERE, READ_PUB),
    "publication_ris released": (PUBLIC, READ_PUB),
    "robots": (PUBLIC, READ_PUB),
    # Drafts that are posted for public comment, and the form of a comment (rules 14 and 36).
    "public_drafts": (PUBLIC, READ_PUB),
    "public_draft posted": (PUBLIC, READ_PUB),
    "public_draft draft": (NOWHERE, READ_PUB),
    "public_draft_file posted": (PUBLIC, READ_PUB),
    "public_draft_file draft": (NOWHERE, READ_PUB),
    "public_draft_comment posted": (PUBLIC, PUBLIC),
    "public_draft_comment draft": (NOWHERE, NOWHERE),
    "publication_comment released": (PUBLIC, PUBLIC),
    "publication_comment draft": (NOWHERE, NOWHERE),
    "public_comment_thanks": (PUBLIC, READ_PUB),
    "public_comment_privacy": (PUBLIC, READ_PUB),
    # One's own.
    "home": (ALL, READ),
    "policy": (ALL, READ),
    "profile": (ALL, ALL),
    "account_logout": (LEAVING, TO_ENTRANCE),
    "account_reauthenticate": (ALL, FORM),
    "mfa_reauthenticate": (LED_ON, LED_ON),
    "mfa_reauthenticate_webauthn": (LED_ON, LED_ON),
    "account_change_password": (ALL, FORM),
    "account_set_password": (LED_ON, LED_ON),
    "usersessions_list": (ALL, ALL),
    "mfa_index": (ALL, READ),
    "mfa_activate_totp": (ALL, FORM),
    "mfa_deactivate_totp": (ABSENT, ABSENT),
    "mfa_list_webauthn": (ALL, READ),
    "mfa_add_webauthn": (ALL, FORM),
    "mfa_edit_webauthn": (ABSENT, ABSENT),
    "mfa_remove_webauthn": (ABSENT, ABSENT),
    "mfa_view_recovery_codes": (ABSENT, READ),
    "mfa_generate_recovery_codes": (ALL, FORM),
    "address_change": (ALL, ALL),
    "own_data": (ALL, READ),
    # The window of who keeps the machine, and what is of the demo alone.
    "admin:index": (WINDOW, WINDOW_P),
    "admin/password_change/": (LED_ON, LED_ON),
    "specimen": (ABSENT, READ),
    "mailbox": (ABSENT, READ),
    "letter": (ABSENT, READ),
    # The roster: all read it, the secretariat keeps it (rules 1 to 9).
    "people": (ACCOUNTS, READ),
    "person_edit": (ACCOUNTS, ACCOUNTS),
    "person_sessions_end": (ACCOUNTS, ACCOUNTS),
    "person_factor_remove": (ACCOUNTS, ACCOUNTS),
    "identity_providers": (DESK, READ),
    "identity_provider_new": (DESK, DESK),
    "identity_provider_edit": (DESK, DESK),
    # Invitations: of the secretariat, and of a head to the own agency's seat (rule 4).
    "invitations": (INVITERS, READ),
    "invitation_new": (INVITERS, INVITERS),
    "invitation_resend own": (INVITERS_1, INVITERS_1),
    "invitation_revoke own": (INVITERS_1, INVITERS_1),
    "invitation_revoke other": (INVITERS_0, INVITERS_0),
    "person_erase": (DESK, DESK),
    "agencies": (ALL, READ),
    "agency": (ALL, READ),
    "agency_new": (DESK, DESK),
    "agency_edit": (DESK, DESK),
    "agency_rename": (DESK, DESK),
    "agency_succession": (DESK, DESK),
    "membership_start": (DESK, DESK),
    "membership_end": (DESK, DESK),
    "seats": (DESK, READ),
    "seat_confirm": (READ, SPEAKERS),
    "mandate_grant": (NAMERS, NAMERS),
    "mandate_end staff": (NAMERS, NAMERS),
    "mandate_end head": (DESK, DESK),
    "mandate_handover staff": (NAMERS, NAMERS),
    "mandate_handover head": (DESK, DESK),
    "groups": (ALL, READ),
    "group": (ALL, READ),
    "group_new": (DESK, DESK),
    "group_edit": (DESK, DESK),
    "group_close": (DESK, DESK),
    "group_member_add": (DESK, DESK),
    "group_member_end": (DESK, DESK),
    "group_role_add": (DESK, DESK),
    "group_role_end": (DESK, DESK),
    "chair": (ALL, READ),
    "chair_hand_over": (DESK, DESK),
    "chair_end": (DESK, DESK),
    "liaison": (ALL, READ),
    "liaison_new": (DESK, DESK),
    "liaison_edit": (DESK, DESK),
    "liaison_contact_new": (DESK, DESK),
    "liaison_contact_end": (DESK, DESK),
    "statement_new": (STATES, STATES),
    # Meetings (rules 6 and 39).
    "meetings": (ALL, READ),
    "meeting": (ALL, READ),
    "meeting_calendar": (ALL, READ),
    "meeting_new": (DESK, DESK),
    "meeting_edit": (DESK, DESK),
    "meeting_move": (DESK, DESK),
    "meeting_cancel": (DESK, DESK),
    "meeting_attendance": (DESK, DESK),
    "item_new": (DESK, DESK),
    "item_edit": (DESK, DESK),
    "item_remove": (DESK, DESK),
    "agenda_link": (DESK, DESK),
    # The Workplan (rules 6 and 47).
    "workplan": (ALL, READ),
    "workplan_item": (ALL, READ),
    "workplan_item_new": (DESK, DESK),
    "workplan_item_edit": (DESK, DESK),
    # Products: drafts are the members', released ones everybody's (rule 14).
    "products": (ALL, READ),
    "product_new": (LEADERS, LEADERS),
    "product draft": (MEMBERS, READ),
    "product released": (ALL, READ),
    "product_history draft": (MEMBERS, READ),
    "product_history released": (APART, READ),
    "compare draft": (MEMBERS, READ),
    "compare released": (APART, READ),
    "since_position draft": (OF_AGENCY, READ),
    "since_position released": (OF_AGENCY_R, READ),
    "version draft": (SENT, READ),
    "version released": (ALL, READ),
    "version unreleased": (APART, READ),
    "version unsent": (MEMBERS, READ),
    "download draft": (SENT, READ),
    "download released": (ALL, READ),
    "download unsent": (MEMBERS, READ),
    "product_release draft": (BY_DESK, BY_DESK),
    "product_release released": (BY_DESK_R, BY_DESK_R),
    "product_edit draft": (WRITERS, WRITERS),
    "product_edit released": (WRITERS_R, WRITERS_R),
    "editor_new draft": (WRITERS, WRITERS),
    "editor_end draft": (WRITERS, WRITERS),
    "relation_new draft": (WRITERS, WRITERS),
    "relation_end draft": (WRITERS, WRITERS),
    "version_new draft": (WRITERS, WRITERS),
    "draft draft": (READ, WRITERS),
    "draft_preview draft": (READ, WRITERS_P),
    # One's own alone, so that it needs no role; who has none is told so.
    "draft_throw_away draft": (READ, MEMBERS),
    "version_send draft": (READ, SENDS),
    # The comment is of the first agency, its author without an account, and so is the draft.
    "comments draft": (MEMBERS, READ),
    "comments released": (APART, READ),
    "comments_dispose draft": (READ, WRITERS),
    "comments_export draft": (MEMBERS, READ),
    "comments_export released": (APART, READ),
    "comments_template draft": (MEMBERS, READ),
    "comments_import draft": (MEMBERS, MEMBERS),
    "comments_import released": (APART, APART),
    "comments_take draft": (READ, MEMBERS),
    "comment_new draft": (READ, MEMBERS),
    "comment_new unsent": (READ, MEMBERS),
    "comment": (MEMBERS, READ),
    "comment_dispose": (READ, WRITERS),
    "comment_check": (READ, WRITERS),
    "comment_answer": (READ, ANSWERERS),
    "comment_withdraw": (READ, ANSWERERS),
    "comment_drafts draft": (MEMBERS, ABSENT),
    "comment_draft": (OWN_DRAFT, OWN_DRAFT),
    "comment_draft_discard": (READ, OWN_DRAFT),
    "version_send unsent": (READ, BY_DESK),
    # These ask who somebody is before they look for the product: nothing leaks.
    "participant_new draft": (DESK, DESK),
    "participant_end draft": (DESK, DESK),
    # The moves of section 3, and joining for one's agency.
    "product_act start-drafting": (READ, CONVENE),
    "product_act take-back": (READ, WRITERS),
    "product_act return": (READ, CONVENE),
    "product_act supersede": (READ, BY_DESK),
    "product_act withdraw": (READ, CONVENE),
    "product_act join": (READ, PARTS),
    "product_act leave": (READ, PARTS),
    "product_act unknown": (READ, ABSENT),
    # Circulations (rules 14 and 17).
    "circulation_new draft": (WRITERS, WRITERS),
    "circulation": (MEMBERS, READ),
    # What the public said: the members' once it was handed over (rule 36).
    "public_comments draft": (MEMBERS, READ),
    "public_comments released": (APART, READ),
    "public_comments_open draft": (BY_DESK, BY_DESK),
    "public_comments_close draft": (READ, BY_DESK),
    "public_comments_act draft": (READ, BY_DESK),
    "public_comment handed": (MEMBERS, READ),
    "public_comment held": (HELD, READ),
    "public_comment_dispose handed": (READ, WRITERS),
    "public_comment_dispose held": (READ, HELD),
    "public_comment_erase handed": (BY_DESK, BY_DESK),
    "public_comment_erase held": (HELD, HELD),
    # Calls (rules 4, 6, 16, 22, 26).
    "call_new draft": (CONVENE, CONVENE),
    "call": (MEMBERS, READ),
    "call_rehearsal": (MEMBERS, READ),
    "call_position": (READ, VOICES),
    "call_withdraw": (READ, VOICES),
    "call_on_behalf": (READ, BY_DESK),
    "call_extend": (CONVENE, CONVENE),
    "call_recall": (READ, CONVENE),
    "call_return": (READ, CONVENE),
    "call_request_new draft": (BY_GROUP, BY_GROUP),
    "call_request_decline": (CONVENE, CONVENE),
    "declare": (BY_CHAIR, BY_CHAIR),
    # Versions while it is open, and what stands on the ledger (rules 29-31).
    "call_contest": (READ, VOICED),
    "call_reaffirm": (READ, VOICES),
    "ledger draft": (MEMBERS, READ),
    "ledger_item of a silence": (APART, READ),
    "ledger_act of a silence": (CONVENE_APART, CONVENE_APART),
    # Beside the positions, and the notices of a silence procedure (rules 6, 18, 20 and 23).
    "call_intervene": (READ, VOICES),
    "call_intervene_on_behalf": (BY_DESK, BY_DESK),
    "intervention_answer": (READ, ANSWERS),
    "call_notices": (ABSENT, READ),
    "call_notices of a silence": (APART, READ),
    "call_serve_again of a silence": (READ, CONVENE_APART),
    "call_waive_notice of a silence": (READ, CONVENE_APART),
    # Decisions (rule 33), read as the product that they are about.
    "decisions": (ALL, READ),
    "decision of a draft": (APART, READ),
    "decision of a released one": (ALL, READ),
    "decision_pdf of a draft": (APART, READ),
    "decision_pdf of a released one": (ALL, READ),
    "decision_json of a draft": (APART, READ),
    "decision_json of a released one": (ALL, READ),
    "decision_revision of a draft": (APART, READ),
    "decision_revision of a released one": (ALL, READ),
    "decision_revision_pdf of a draft": (APART, READ),
    "decision_revision_pdf of a released one": (ALL, READ),
    "decision_revision_json of a draft": (APART, READ),
    "decision_revision_json of a released one": (ALL, READ),
    "decision_correct of a draft": (CORRECTS, CORRECTS),
    "decision_correct of a released one": (LEADERS, LEADERS),
}

ACTS = {name.split()[1] for name in TABLE if name.startswith("product_act ")} - {"unknown"}


def addresses(patterns=None):
    """Return the names of all addresses, or the route of what has no name; of the admin, one."""
    found = {"admin:index"} if patterns is None else set()
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLPattern):
            found.add(entry.name or str(entry.pattern))
        elif entry.namespace != "admin":
            found |= addresses(entry.url_patterns)
    return found


def staff(**fields):
    return MandateFactory(capacity=Capacity.STAFF, **fields).person


def people(world):
    """Return one person of each kind, the suspended still with their mandate."""
    agency, product = world.agencies[0], world.product
    elsewhere = MandateFactory().person
    GroupRoleFactory(person=elsewhere, duty=GroupDuty.CO_CHAIR)
    ProductEditor(product=ProductFactory(), person=elsewhere).save_as(None, "test")
    editor = staff()
    ProductEditor(product=product, person=editor).save_as(None, "test")
    co_chair = GroupRoleFactory(group=product.group, person=staff(), duty=GroupDuty.CO_CHAIR)
    chair = staff()
    ChairTermFactory(person=chair, agency=chair.mandates.get().agency)
    return {
        "outsider": UserFactory(),
        "liaison": LiaisonContact.objects.get().person,
        "staff": staff(agency=agency),
        "head": world.heads[0],
        "alternate": MandateFactory(agency=agency, capacity=Capacity.ALTERNATE).person,
        "editor": editor,
        "co-chair": co_chair.person,
        "elsewhere": elsewhere,
        "chair": chair,
        "secretariat": world.secretariat,
        "superuser": UserFactory(is_superuser=True, is_staff=True),
        "suspended": MandateFactory(
            agency=agency, person=UserFactory(is_secretariat=True, is_staff=True)
        ).person,
        "delegate": staff(agency=agency, limited_to=product.code),
    }


def decided(**product):
    """Return a world whose one agency concurred, and its declared decision."""
    world = make_call(1, **product)
    world.say(0, Stand.CONCUR)
    decision = decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="So it is.", by=world.secretariat
    )
    return world, decision


def keep_file(version):
    file = version.files.get()
    default_storage.delete(file.path)
    default_storage.save(file.path, ContentFile(b"One paragraph."))


@pytest.fixture
def world():
    Heartbeat.objects.create(ticked_at=clock.now())
    return make_call(2, code="DRAFT")


def asked(agency, world):
    return invitations.invite(
        f"{agency.key}@example.org",
        invited_as=InvitedAs.STAFF,
        agency=agency,
        reason="Joins.",
        by=world.secretariat,
    )


def opened_by(row):
    """Return the token of the link that was sent about a row."""
    letter = Letter.objects.filter(about=reference(row)).first()
    return re.search(r"http://testserver/\w+/([\w-]+)/", letter.text)[1]


@pytest.fixture
def places(world):
    """Return the arguments of the addresses: by the name in the table, else by its first word."""
    draft, agency, call = world.product, world.agencies[0], world.call
    _, agreed = decided(code="AGREED")
    released, published = decided(code="OUT", group=draft.group)
    releases.release(released.product, reason="Agreed.", by=world.secretariat)
    write_version(released.product)
    item = AgendaItemFactory(title="What is to be read")
    AgendaLink.objects.create(item=item, product=draft)
    member = GroupMember(group=draft.group, agency=agency, start="2020")
    member.save_as(None, "test")
    line = WorkplanItem(kind="product", title="A line", product=draft)
    line.save_as(None, "test")
    ilewg = LiaisonOrganisation(code="ILEWG", name="Group", relation="Sends reports")
    ilewg.save_as(None, "test")
    contact = LiaisonContactFactory(organisation=ilewg)
    send_version(
        draft.versions.get(),
        organisation=ilewg,
        permission="the plenary of March",
        by=world.secretariat,
    )
    unsent = write_version(draft)
    related = Relation(product=draft, kind="builds_on", target=released.product)
    related.save_as(None, "test")
    posted = write_version(ProductFactory(code="POSTED"))
    CommentWindowFactory(version=posted)
    CommentWindowFactory(version=released.product.versions.get(number=1))
    over = CommentWindowFactory(version=unsent, ended_at=clock.now())
    PublicCommentFactory(window=over)
    PublicCommentFactory(
        window=over,
        moderation="passed",
        moderated_at=clock.now(),
        handed_over_at=clock.now(),
    )
    for version in (*draft.versions.all(), released.product.versions.get(number=1), posted):
        keep_file(version)
    silence = make_call(1, code="SILENCE", mode=Mode.SILENCE)
    said = Intervention(
        call=call,
        agency=agency,
        code=agency.code,
        kind="more_time",
        text="Our director is away.",
        given_at=clock.now(),
        given_by=world.heads[0],
    )
    said.save_as(None, "test")
    entry = PositionEntry.objects.create(
        call=silence.call,
        agency=silence.agencies[0],
        version=silence.call.version,
        stand="object",
        text="Not so.",
        given_at=clock.now(),
        given_by=silence.heads[0],
    )
    on_ledger = LedgerItem(
        product=silence.product,
        call=silence.call,
        version=silence.call.version,
        entry=entry,
        kind="object",
        number=1,
        agency=entry.agency,
        code=entry.agency.code,
        text=entry.text,
        registered_at=clock.now(),
    )
    on_ledger.save_as(None, "test")
    own = {"version": unsent, "agency": agency, "author": None, "author_name": "A. Nother"}
    given = CommentFactory(**own, entered_by=world.secretariat)
    kept = CommentFactory(**own, entered_by=world.heads[0], number=None, submitted_at=None)
    asked_for = CallRequest(
        product=draft,
        question="Is this agreed?",
        reason="It is ripe.",
        requested_at=clock.now(),
        requested_by=world.heads[0],
    )
    asked_for.save_as(None, "test")
    group, meeting = (draft.group.code,), (item.meeting.key,)
    invited, elsewhere = asked(agency, world), asked(AgencyFactory(), world)
    change = addresses_of.ask_for_change(UserFactory(), email="other@example.org")
    provider = IdentityProvider(agency=agency, key="esa", name="ESA", is_active=False)
    provider.save_as(None, "test")
    roles = draft.group.roles
    shared = {
        "letter": [Letter.objects.earliest("pk").pk],
        **dict.fromkeys(
            ["person_edit", "person_sessions_end", "person_factor_remove"], (world.heads[0].pk,)
        ),
        "mfa_edit_webauthn": [1],
        "mfa_remove_webauthn": [1],
        "account_reset_password_from_key": ["1", "abc-def"],
        "invitation_accept": [opened_by(invited)],
        "address_confirm": [opened_by(change)],
        "invitation_resend own": [invited.pk],
        "invitation_revoke own": [invited.pk],
        "invitation_revoke other": [elsewhere.pk],
        "identity_provider_edit": ["esa"],
        "openid_connect_login": ["nobody"],
        "openid_connect_callback": ["nobody"],
        "person_erase": [world.heads[0].pk],
        **dict.fromkeys(
            [
                "agency",
                "agency_edit",
                "agency_rename",
                "agency_succession",
                "membership_start",
                "mandate_grant",
                "seat_confirm",
            ],
            (agency.key,),
        ),
        "membership_end": [agency.key, agency.memberships.get().pk],
        "mandate_handover head": [agency.key, agency.mandates.earliest("pk").pk],
        "mandate_end head": [agency.key, agency.mandates.earliest("pk").pk],
        **dict.fromkeys(
            ["group", "group_edit", "group_close", "group_member_add", "group_role_add"], group
        ),
        "group_member_end": [*group, member.pk],
        **dict.fromkeys(
            ["comment", "comment_dispose", "comment_check", "comment_answer", "comment_withdraw"],
            ("DRAFT", given.pk),
        ),
        **dict.fromkeys(["comment_draft", "comment_draft_discard"], ("DRAFT", kept.pk)),
        "comments_export draft": ["DRAFT", "csv"],
        "comments_export released": ["OUT", "xlsx"],
        "comments_template draft": ["DRAFT", "xlsx"],
        "comment_new draft": ["DRAFT", 1],
        "comment_new unsent": ["DRAFT", unsent.number],
        "liaison_edit": ["ILEWG"],
        "liaison_contact_new": ["ILEWG"],
        "liaison_contact_end": ["ILEWG", contact.pk],
        "statement_new": ["ILEWG"],
        "version_send draft": ["DRAFT", 1],
        "version_send unsent": ["DRAFT", unsent.number],
        **dict.fromkeys(
            [
                "meeting",
                "meeting_calendar",
                "meeting_edit",
                "meeting_move",
                "meeting_cancel",
                "meeting_attendance",
                "item_new",
            ],
            meeting,
        ),
        "item_edit": [*meeting, item.pk],
        "item_remove": [*meeting, item.pk],
        "agenda_link": [item.pk],
        "workplan_item": [line.pk],
        "workplan_item_edit": [line.pk],
        **dict.fromkeys(
            [
                "call",
                "call_rehearsal",
                "call_on_behalf",
                "call_extend",
                "call_recall",
                "call_return",
                "call_intervene_on_behalf",
                "call_notices",
                "declare",
            ],
            (call.pk,),
        ),
        "call_request_decline": [asked_for.pk],
        "circulation": [call.circulation_id],
        "relation_end draft": ["DRAFT", related.pk],
        "call_position": [call.pk, agency.key],
        "call_withdraw": [call.pk, agency.key],
        "call_intervene": [call.pk, agency.key],
        "call_contest": [call.pk],
        "call_reaffirm": [call.pk, agency.key],
        "ledger_item of a silence": ["SILENCE", on_ledger.pk],
        "ledger_act of a silence": ["SILENCE", on_ledger.pk, "escalate"],
        "intervention_answer": [said.pk],
        "call_notices of a silence": [silence.call.pk],
        "call_serve_again of a silence": [silence.call.pk, silence.agencies[0].key],
        "call_waive_notice of a silence": [silence.call.pk, silence.agencies[0].key],
        **{
            f"{name} of a {what}": [row.year, row.serial, *revision]
            for name, revision in (
                ("decision", []),
                ("decision_pdf", []),
                ("decision_json", []),
                ("decision_correct", []),
                ("decision_revision", [0]),
                ("decision_revision_pdf", [0]),
                ("decision_revision_json", [0]),
            )
            for what, row in (("draft", agreed), ("released one", published))
        },
        "version draft": ["DRAFT", 1],
        "version released": ["OUT", 1],
        "version unreleased": ["OUT", 2],
        "version unsent": ["DRAFT", unsent.number],
        "download draft": ["DRAFT", 1, "v1.md"],
        "download released": ["OUT", 1, "v1.md"],
        "download unsent": ["DRAFT", unsent.number, unsent.files.get().name],
        "product_act": ["DRAFT"],
        "public_draft posted": ["POSTED", 1],
        "public_draft draft": ["DRAFT", 1],
        "public_draft_file posted": ["POSTED", 1, "v1.md"],
        "public_draft_file draft": ["DRAFT", 1, "v1.md"],
        "public_draft_comment posted": ["POSTED", 1],
        "public_draft_comment draft": ["DRAFT", 1],
        "publication_file draft": ["DRAFT", "v1.md"],
        "publication_file released": ["OUT", "v1.md"],
        "publication_file unreleased": ["OUT", "v2.md"],
    }

    def find(name):
        first, _, rest = name.partition(" ")
        if first == "product_act":
            return ["DRAFT", rest]
        if first == "editor_end":
            return ["DRAFT", draft.editors.get().pk]
        if name in ("mandate_end staff", "mandate_handover staff"):
            named = agency.mandates.filter(capacity=Capacity.STAFF, limited_to="")
            return [agency.key, named.earliest("pk").pk]
        if first == "group_role_end":
            return [*group, roles.get().pk]
        codes = {"draft": ["DRAFT"], "released": ["OUT"]}
        codes |= {"held": ["DRAFT", 1], "handed": ["DRAFT", 2]}
        return shared.get(name, shared.get(first, codes.get(rest, [])))

    return find


def path_of(name, places):
    first = name.split()[0]
    return f"/{first}" if first.endswith("/") else reverse(first, args=places(name))


def sign(response, *, wanted):
    """Return what was answered, as the table writes it."""
    status, is_post = response.status_code, response.request["REQUEST_METHOD"] == "POST"
    if status == 302:
        to = urlsplit(response["Location"])
        if to.path in (reverse("account_login"), reverse("admin:login")) and "next=" in to.query:
            return "s"
        # Done, an act leads on as well: the table says which of the two is meant.
        return "o" if is_post and wanted == "o" else "r"
    meant = {403: "f", 404: "h", 405: "m"} | ({200: "p", 422: "o"} if is_post else {200: "o"})
    return meant.get(status, status)


def entered(person, user):
    """Return a browser in which a person signed in; who is suspended did so before."""
    client = Client()
    if person != "nobody":
        client.force_login(user)
    return client


@pytest.mark.parametrize(
    "person", PEOPLE, ids=[f"{person}-{2 * len(TABLE)}-cells" for person in PEOPLE]
)
def test_every_address_answers_each_kind_of_person_as_the_table_says(person, world, places):
    user = people(world).get(person)
    column = PEOPLE.index(person)
    browsers = {name: entered(person, user) for name in TABLE}
    if person == "suspended":
        user.is_active = False
        user.save_as(None, "test")

    wrong = {}
    for name, rows in TABLE.items():
        path, browser = path_of(name, places), browsers[name]
        for method, row in zip(("get", "post"), rows, strict=True):
            wanted = row.split()[column]
            response = getattr(browser, method)(path)
            if response.streaming:
                # Read to its end, which closes the file and not the test's connection.
                list(response)
            said = sign(response, wanted=wanted)
            if said != wanted:
                wrong[f"{method.upper()} {name}"] = f"{said}, and not {wanted}"

    assert wrong == {}
    # Nothing was said in an agency's name on the way.
    assert PositionEntry.objects.filter(call=world.call).count() == 0


def test_the_table_names_every_address_and_act():
    assert {name.split()[0] for name in TABLE} == addresses()
    assert set(product_acts.ACTS) == ACTS


def test_every_row_of_the_table_has_a_cell_for_each_kind_of_person():
    cells = [len(row.split()) for rows in TABLE.values() for row in rows]

    assert set(cells) == {len(PEOPLE)}
    assert sum(cells) == 6720
