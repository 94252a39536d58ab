"""One product's way through its life, as far as the story takes it."""

from typing import Any

from isecg import stale
from products import files
from products.consensus import Mode, Outcome, Stand
from products.demo.story import INVENTED, ZONE, Story, text
from products.models import Comment, Product, WorkplanItem
from products.models.calls import CallState
from products.models.products import Degree
from products.models.versions import ChangeClass
from products.models.workplan import ItemKind, ItemStatus
from products.relations import RelationKind
from products.remarks import Answer, CommentFields, CommentKind, Disposition
from products.services import (
    calls,
    circulations,
    comments,
    decisions,
    drafts,
    participation,
    products,
    relations,
    versions,
    workplan,
)
from workgroups.models import Agency


class Tale:
    """What happens to one product: each method puts one act on a working day.

    Where nobody is named the secretariat acts.
    """

    def __init__(self, story: Story, code: str) -> None:
        self.story = story
        self.code = code

    def proposed(self, day: int, *, reason: str, by: str = "secretariat", **fields: Any) -> None:
        self.story.on(day, _propose, self.code, reason=reason, by=by, **fields)

    def planned(
        self, day: int, *, lead: str, agencies: str, baseline: int, forecast: int, notes: str = ""
    ) -> None:
        """Put it on the Workplan; target dates are months, told by a day in them."""
        months = {"baseline": baseline, "forecast": forecast}
        self.story.on(day, _plan, self.code, lead, agencies, months, notes)

    def drafting(self, day: int, *, reason: str, by: str = "secretariat") -> None:
        self.story.on(day, _start_drafting, self.code, reason=reason, by=by)

    def joined(self, day: int, *, lead: str, contributing: str = "", following: str = "") -> None:
        """Have agencies join: the speaker of each where it has one, else the secretariat."""
        for degree, codes in (
            (Degree.LEAD, lead),
            (Degree.CONTRIBUTING, contributing),
            (Degree.FOLLOWING, following),
        ):
            for agency in codes.split():
                self.story.on(day, _join, self.code, agency, degree)

    def edited_by(self, day: int, key: str) -> None:
        self.story.on(day, _add_editor, self.code, key)

    def related(self, day: int, kind: RelationKind, target: str) -> None:
        self.story.on(day, _relate, self.code, kind, target)

    def commented(
        self,
        day: int,
        agency: str,
        key: str,
        version: int,
        *,
        is_draft: bool = False,
        **fields: Any,
    ) -> None:
        """Have an agency comment on a version, or keep a draft of a comment."""
        self.story.on(day, _comment, self.code, agency, key, version, is_draft, fields)

    def disposed(
        self, day: int, numbers: str, disposition: Disposition, *, by: str, **given: Any
    ) -> None:
        """Dispose of the comments whose numbers are named: ``"1 3"``."""
        self.story.on(day, _dispose, self.code, numbers, disposition, by, given)

    def answered(self, day: int, number: int, answer: Answer, *, by: str, words: str = "") -> None:
        self.story.on(day, _answer_comment, self.code, number, answer, by, words)

    def version(
        self, day: int, number: int, *, note: str, by: str, editorial: bool = False
    ) -> None:
        change = ChangeClass.EDITORIAL if editorial else ChangeClass.SUBSTANTIVE
        self.story.on(day, _write, self.code, number, change, note=note, by=by)

    def draft(self, day: int, *, base: int, added: str, note: str, by: str) -> None:
        self.story.on(day, _save_draft, self.code, base, added=added, note=note, by=by)

    def circulated(self, day: int, *, until: int, note: str, by: str = "secretariat") -> None:
        self.story.on(day, _circulate, self.code, until, note=note, by=by)

    def called(
        self,
        day: int,
        *,
        deadline: int,
        question: str,
        mode: Mode = Mode.EXPLICIT,
        by: str = "chair",
    ) -> None:
        self.story.on(day, _call, self.code, deadline, mode, question=question, by=by)

    def position(
        self, day: int, agency: str, stand: Stand, by: str, *, words: str = "", source: str = ""
    ) -> None:
        self.story.on(day, _take_position, self.code, agency, stand, by, words, source)

    def declared(self, day: int, outcome: Outcome, *, statement: str, by: str = "chair") -> None:
        self.story.on(day, _declare, self.code, outcome, statement=statement, by=by)


def _product(code: str) -> Product:
    return Product.objects.select_related("group").get(code=code)


def _propose(story: Story, code: str, *, reason: str, by: str, **fields: Any) -> None:
    group = fields.pop("group", "")
    purpose = f"{fields.pop('purpose')}\n\n{INVENTED}"
    products.propose(
        by=story.person(by),
        reason=reason,
        code=code,
        group=story.groups[group] if group else None,
        purpose=purpose,
        note=INVENTED,
        **fields,
    )


def _plan(
    story: Story, code: str, lead: str, agencies: str, months: dict[str, int], notes: str
) -> None:
    product = _product(code)
    workplan.add_item(
        agencies=[story.agencies[agency] for agency in agencies.split()],
        reason="Put on the Workplan",
        by=story.secretariat,
        kind=ItemKind.PRODUCT,
        title=product.title,
        product=product,
        group=product.group,
        lead_agency=story.agencies[lead],
        status=ItemStatus.PLANNED,
        notes=notes,
        **{name: f"{story.day(number):%Y-%m}" for name, number in months.items()},
    )


def _start_drafting(story: Story, code: str, *, reason: str, by: str) -> None:
    product = _product(code)
    products.start_drafting(product, reason=reason, by=story.person(by))
    item = WorkplanItem.objects.get(product=product)
    workplan.edit_item(
        item,
        agencies=active_agencies(item),
        revision=stale.revision(item),
        reason="Drafting has started",
        by=story.secretariat,
        status=ItemStatus.ACTIVE,
    )


def active_agencies(item: WorkplanItem) -> list[Agency]:
    """Return the agencies that take part in an item of the Workplan."""
    rows = item.participations.filter(active=True).select_related("agency")
    return [row.agency for row in rows]


def _join(story: Story, code: str, agency: str, degree: Degree) -> None:
    seat = story.agencies[agency]
    speaker = seat.mandates.speaking().general().order_by("pk").first()
    participation.join(
        _product(code),
        agency=seat,
        degree=degree,
        reason=f"{agency} takes part",
        by=speaker.person if speaker else story.secretariat,
    )


def _add_editor(story: Story, code: str, key: str) -> None:
    products.add_editor(
        _product(code),
        person=story.person(key),
        reason="Named by the group",
        by=story.secretariat,
    )


def _relate(story: Story, code: str, kind: RelationKind, target: str) -> None:
    relations.relate(
        _product(code),
        kind=kind,
        target=_product(target),
        reason="Said in its proposal",
        by=story.secretariat,
    )


def _write(
    story: Story, code: str, number: int, change: ChangeClass, *, note: str, by: str
) -> None:
    name = f"{code.lower()}-v{number}"
    versions.submit_version(
        _product(code),
        main=files.from_text(text(name), name=f"{name}.md"),
        change_class=change,
        note=note,
        by=story.person(by),
        expected_latest=number - 1 or None,
    )


def _save_draft(story: Story, code: str, base: int, *, added: str, note: str, by: str) -> None:
    drafts.save_draft(
        _product(code),
        text=text(f"{code.lower()}-v{base}").rstrip() + f"\n\n{added}\n",
        note=note,
        based_on=base,
        revision=0,
        by=story.person(by),
    )


def _circulate(story: Story, code: str, until: int, *, note: str, by: str) -> None:
    circulations.circulate(
        _product(code),
        closes_at=story.instant(until, 17),
        time_zone=ZONE,
        note=note,
        by=story.person(by),
    )


def _call(story: Story, code: str, deadline: int, mode: Mode, *, question: str, by: str) -> None:
    calls.open_call(
        _product(code),
        question=question,
        mode=mode,
        deadline=story.instant(deadline, 17),
        time_zone=ZONE,
        by=story.person(by),
    )


def _take_position(
    story: Story, code: str, agency: str, stand: Stand, by: str, words: str, source: str
) -> None:
    product = _product(code)
    calls.record_position(
        product.calls.select_related("product", "version").get(state=CallState.OPEN),
        agency=story.agencies[agency],
        stand=stand,
        text=words,
        by=story.person(by),
        source=source,
    )


def _declare(story: Story, code: str, outcome: Outcome, *, statement: str, by: str) -> None:
    decisions.declare(_product(code), outcome=outcome, statement=statement, by=story.person(by))


def _comment(
    story: Story,
    code: str,
    agency: str,
    key: str,
    version: int,
    is_draft: bool,  # noqa: FBT001 (an act is told by its words in order)
    fields: dict[str, Any],
) -> None:
    write = comments.draft_comment if is_draft else comments.submit_comment
    write(
        Product.objects.get(code=code).versions.get(number=version),
        agency=story.agencies[agency],
        fields=CommentFields(**{"kind": CommentKind.TECHNICAL, **fields}),
        by=story.person(key),
    )


def _dispose(
    story: Story,
    code: str,
    numbers: str,
    disposition: Disposition,
    by: str,
    given: dict[str, Any],
) -> None:
    product = Product.objects.get(code=code)
    rows = Comment.objects.filter(product=product)
    given = {"response": "", **given}
    if head := given.get("duplicate_of"):
        given["duplicate_of"] = rows.get(number=head)
    if owner := given.get("action_owner"):
        given["action_owner"] = story.agencies[owner]
        given["action_due"] = story.day(given["action_due"])
    comments.dispose(
        product,
        comments=list(rows.filter(number__in=numbers.split())),
        disposition=disposition,
        by=story.person(by),
        **given,
    )


def _answer_comment(
    story: Story, code: str, number: int, answer: Answer, by: str, words: str
) -> None:
    row = Comment.objects.get(product__code=code, number=number)
    comments.answer(row, answer=answer, text=words, by=story.person(by))
