"""Who may do what, as data (rules 4-9, 14, 16, 20, 26 and section 3 of the rules)."""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices


class Capacity(TextChoices):
    """In what capacity a person holds an agency's seat (rule 4)."""

    HEAD = "head", "Head of delegation"
    ALTERNATE = "alternate", "Alternate"
    STAFF = "staff", "Staff"


SPEAKING = frozenset({Capacity.HEAD, Capacity.ALTERNATE})
# Whom a head of delegation names; the secretariat enters heads as well.
NAMED_BY_HEAD = frozenset({Capacity.ALTERNATE, Capacity.STAFF})


class InvitedAs(TextChoices):
    """In what role somebody is invited to open an account."""

    HEAD = "head", "Head of delegation"
    ALTERNATE = "alternate", "Alternate"
    STAFF = "staff", "Staff"
    SECRETARIAT = "secretariat", "Secretariat"
    NONE = "none", "An account alone"

    @classmethod
    def without_agency(cls) -> "tuple[InvitedAs, ...]":
        """The roles that are not held for an agency."""
        return (cls.SECRETARIAT, cls.NONE)


class GroupDuty(TextChoices):
    """What a person does in a working group (rule 8)."""

    CO_CHAIR = "co_chair", "Co-chair"
    EDITOR = "editor", "Editor"


class Role(StrEnum):
    """In what role somebody asks to act."""

    SECRETARIAT = "secretariat"
    CHAIR = "chair"
    GROUP_CHAIR = "group chair"
    EDITOR = "editor"
    HEAD = "head of delegation"
    SPEAKER = "head of delegation or alternate"
    MEMBER = "person of a member agency"
    SUPERUSER = "superuser"
    LIAISON = "contact of a liaison organisation"


@dataclass(frozen=True, kw_only=True)
class RoleText:
    """What a role is, and how somebody comes to hold it: one plain sentence each, or two."""

    what: str
    held_by: str


ROLE_TEXTS: dict[Role, RoleText] = {
    Role.SECRETARIAT: RoleText(
        what="Keeps the Workplan, the roster and the meetings. It declares an outcome only "
        "while the chair is vacant or the chair's own agency objects.",
        held_by="by an account that says so, which the secretariat keeps on the page of people.",
    ),
    Role.CHAIR: RoleText(
        what="Leads ISECG for a term, opens calls and declares their outcomes.",
        held_by="by a chair term, from its effective instant until the next handover. The person "
        "named in the term is the chair; where none is named, the heads and alternates of "
        "the chair's agency are.",
    ),
    Role.GROUP_CHAIR: RoleText(
        what="Leads a working group, and writes the products that it is responsible for.",
        held_by="by the duty of a co-chair, with its dates, in that group; it gives nothing "
        "in another one.",
    ),
    Role.EDITOR: RoleText(
        what="Writes the versions of a product and circulates them.",
        held_by="by being entered as an editor of one product, or by the duty of an editor in the "
        "group responsible for it.",
    ),
    Role.HEAD: RoleText(
        what="Names the alternates and the staff of an agency, and ends their mandates. Heads are "
        "entered by the secretariat.",
        held_by="by a mandate as head of delegation that holds for everything, while it is valid "
        "and the agency is a member; in that agency alone.",
    ),
    Role.SPEAKER: RoleText(
        what="Speaks for an agency: takes its position, and has it join or leave a product.",
        held_by="by a mandate as head of delegation or alternate, while it is valid and the "
        "agency is a member. It gives a voice for that agency alone, and a mandate for one "
        "product a voice on that product alone.",
    ),
    Role.MEMBER: RoleText(
        what="Reads every version of every product from the first draft on.",
        held_by="by any mandate of a member agency, that of staff included, while it is valid. A "
        "mandate for one product lets its holder read that one, and no other draft.",
    ),
    Role.SUPERUSER: RoleText(
        what="Manages accounts: suspends them, ends their sessions, takes away a second factor "
        "that is lost. It reads no draft, has no voice and never comes to one.",
        held_by="by an account that was made on the machine itself, by whoever runs it.",
    ),
    Role.LIAISON: RoleText(
        what="A contact of an outside organisation; reads what is public and what was sent to it; "
        "never holds a position.",
        held_by="by being entered as a contact of a liaison organisation, with dates. Who holds a "
        "mandate is never one.",
    ),
}


class Ability(StrEnum):
    """What a role may let somebody do."""

    KEEP_ROSTER = "keep the roster"
    KEEP_ACCOUNTS = "keep the accounts"
    KEEP_MEETINGS = "keep the meetings"
    KEEP_WORKPLAN = "keep the workplan"
    HAND_OVER_CHAIR = "hand over the chair"
    READ_DRAFTS = "read every draft"
    PROPOSE_PRODUCT = "propose a product"
    START_DRAFTING = "start the drafting"
    WRITE_VERSION = "write a version"
    EDIT_PRODUCT = "edit what is said of a product"
    COMMENT = "comment on a version"
    DISPOSE_COMMENT = "dispose of comments"
    CIRCULATE = "circulate a version"
    RETURN_SHARED = "take a shared product back to drafting"
    REQUEST_CALL = "request a call"
    OPEN_CALL = "open a call"
    RECALL_CALL = "recall a call that was opened in error"
    EXTEND_CALL = "extend a call"
    RETURN_CALL = "return a product from its call"
    ANSWER_INTERVENTION = "answer what was said beside the positions"
    WAIVE_NOTICE = "serve a notice again, or waive it"
    PROPOSE_DISPOSITION = "propose a disposition of an objection or a condition"
    CONSIDER = "mark an objection or a condition as duly considered"
    ESCALATE = "escalate an objection or a condition"
    CORRECT_DECISION = "correct a decision record"
    TAKE_POSITION = "take an agency's position"
    RECORD_POSITION = "record a position on behalf of an agency"
    DECLARE = "declare an outcome"
    RELEASE = "release a product"
    SUPERSEDE = "mark an edition superseded"
    WITHDRAW = "withdraw a product"
    JOIN_PRODUCT = "join or leave a product for an agency"
    INVITE_PUBLIC_COMMENT = "invite comments of the public"
    MODERATE_PUBLIC_COMMENT = "moderate comments of the public"
    SEND_TO_LIAISON = "send a version to a liaison organisation"
    MAKE_STATEMENT = "send a statement of a liaison organisation"
    NAME_HOLDERS = "name the alternates and staff of an agency"
    CONFIRM_SEAT = "confirm who holds an agency's seat"


_DESK = frozenset({Role.SECRETARIAT})
_CHAIR_OR_DESK = frozenset({Role.SECRETARIAT, Role.CHAIR})
_WRITERS = frozenset({Role.SECRETARIAT, Role.GROUP_CHAIR, Role.EDITOR})

GRANTS: dict[Ability, frozenset[Role]] = {
    Ability.KEEP_ROSTER: _DESK,
    Ability.KEEP_ACCOUNTS: frozenset({Role.SECRETARIAT, Role.SUPERUSER}),
    Ability.KEEP_MEETINGS: _DESK,
    Ability.KEEP_WORKPLAN: _DESK,
    Ability.HAND_OVER_CHAIR: _DESK,
    Ability.READ_DRAFTS: frozenset({Role.MEMBER, Role.SECRETARIAT}),
    Ability.PROPOSE_PRODUCT: _CHAIR_OR_DESK,
    Ability.START_DRAFTING: _CHAIR_OR_DESK,
    Ability.WRITE_VERSION: _WRITERS,
    Ability.EDIT_PRODUCT: _WRITERS,
    Ability.COMMENT: frozenset({Role.MEMBER, Role.SECRETARIAT}),
    Ability.DISPOSE_COMMENT: _WRITERS,
    Ability.CIRCULATE: _WRITERS,
    Ability.RETURN_SHARED: _WRITERS,
    Ability.REQUEST_CALL: frozenset({Role.GROUP_CHAIR}),
    Ability.OPEN_CALL: _CHAIR_OR_DESK,
    Ability.RECALL_CALL: _CHAIR_OR_DESK,
    Ability.EXTEND_CALL: _CHAIR_OR_DESK,
    Ability.RETURN_CALL: _CHAIR_OR_DESK,
    Ability.ANSWER_INTERVENTION: _WRITERS | {Role.CHAIR},
    Ability.WAIVE_NOTICE: _CHAIR_OR_DESK,
    Ability.PROPOSE_DISPOSITION: _WRITERS,
    Ability.CONSIDER: frozenset({Role.CHAIR}),
    Ability.ESCALATE: _CHAIR_OR_DESK,
    Ability.CORRECT_DECISION: _CHAIR_OR_DESK,
    Ability.TAKE_POSITION: frozenset({Role.SPEAKER}),
    Ability.RECORD_POSITION: _DESK,
    Ability.DECLARE: _CHAIR_OR_DESK,
    Ability.RELEASE: _DESK,
    Ability.SUPERSEDE: _DESK,
    Ability.WITHDRAW: _CHAIR_OR_DESK,
    Ability.JOIN_PRODUCT: frozenset({Role.SPEAKER, Role.SECRETARIAT}),
    Ability.INVITE_PUBLIC_COMMENT: _DESK,
    Ability.MODERATE_PUBLIC_COMMENT: _DESK,
    Ability.SEND_TO_LIAISON: _DESK,
    Ability.MAKE_STATEMENT: frozenset({Role.LIAISON, Role.SECRETARIAT}),
    Ability.NAME_HOLDERS: frozenset({Role.HEAD, Role.SECRETARIAT}),
    Ability.CONFIRM_SEAT: frozenset({Role.SPEAKER, Role.SECRETARIAT}),
}
