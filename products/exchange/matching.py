"""The rows of a file held against the comments that there are (rule 37). Pure: no database."""

from collections.abc import Iterable, Mapping

from products.exchange.cells import (
    CellError,
    Disposal,
    disposal_of,
    kind_of,
    number_of,
    paragraph_of,
    tidy,
    version_of,
)
from products.exchange.columns import SAID, Column
from products.exchange.plans import (
    Known,
    NewComment,
    NewDisposal,
    Outcome,
    Plan,
    Planned,
    Stored,
)
from products.exchange.reading import Fault, Row
from products.remarks import CommentKind, Disposition


def plan(rows: Iterable[Row], known: Known) -> Plan:
    """Return what an import of ``rows`` would do."""
    matching = _Matching(known)
    planned = [matching.row(row) for row in rows]
    faults = sorted(matching.faults, key=lambda fault: fault.row)
    return Plan(tuple(planned), tuple(faults))


class _Matching:
    """The rows of one file, one after another: what stood above them matters."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.faults: list[Fault] = []
        self._by_number: dict[int | None, Stored] = {
            row.number: row for row in known.comments if row.number
        }
        self._by_pk = {row.pk: row for row in known.comments}
        # The oldest of several alike: a later one is found by its number alone.
        self._by_words = {_words(row): row for row in reversed(known.comments)}
        self._above: dict[object, tuple[int, object]] = {}

    def row(self, row: Row) -> Planned:
        self._row, self._found = row, list(row.faults)
        planned = self._numbered() if row.cells.get(Column.NUMBER) else self._unnumbered()
        if self._found:
            self.faults += self._found
            return self._planned(Outcome.FAULTY)
        assert planned is not None
        return planned

    def _planned(self, outcome: Outcome, **what: object) -> Planned:
        return Planned(row=self._row.number, outcome=outcome, cells=self._row.cells, **what)  # type: ignore[arg-type]

    def _fault(self, column: Column, sentence: str) -> None:
        # A cell that could not be read has its fault already.
        if not any(fault.column == column for fault in self._found):
            value = self._row.cells.get(column, "")
            self._found.append(
                Fault(row=self._row.number, column=column, sentence=sentence, value=value[:200])
            )

    def _cell(self, column: Column) -> str:
        return self._row.cells.get(column, "")

    def _twin(self, key: object, what: object) -> int | None:
        """Return the row above that says the same; another word on the same is a fault."""
        above, said = self._above.setdefault(key, (self._row.number, what))
        if above == self._row.number:
            return None
        if said != what:
            self._fault(
                Column.DISPOSITION,
                f"Row {above} is about the same comment and says otherwise: keep one of them.",
            )
        return above

    # A row with a number: a comment that there is.

    def _numbered(self) -> Planned | None:
        number = self._number(Column.NUMBER, self._cell(Column.NUMBER))
        stored = self._by_number.get(number)
        if stored is None:
            return None
        for column in SAID:
            if column in self._row.cells and not self._reads_alike(stored, column):
                self._fault(
                    column,
                    f"C-{number} reads otherwise here; a submitted comment is not changed by an "
                    "import.",
                )
        return self._about(stored)

    def _number(self, column: Column, text: str) -> int | None:
        try:
            number = number_of(text)
        except CellError as error:
            self._fault(column, str(error))
            return None
        if number not in self._by_number:
            self._fault(column, f"There is no comment C-{number} on this product.")
        return number

    def _reads_alike(self, stored: Stored, column: Column) -> bool:
        text, here = self._cell(column), stored.cells[column]
        if text == here:
            return True
        if column == Column.AGENCY:
            return self.known.agencies.get(text.casefold()) == frozenset({stored.agency})
        readers = {Column.KIND: kind_of, Column.VERSION: version_of}
        try:
            return column in readers and readers[column](text) == readers[column](here)
        except CellError:
            return False

    def _about(self, stored: Stored) -> Planned | None:
        """Return what becomes of a row about a comment that there is."""
        disposal = self._disposal_for(stored)
        if above := self._twin(stored.pk, disposal):
            return self._planned(Outcome.TWIN, comment=stored, same_as=above)
        outcome = Outcome.DISPOSED if disposal else Outcome.UNCHANGED
        return self._planned(outcome, comment=stored, disposal=disposal)

    def _disposal_for(self, stored: Stored) -> NewDisposal | None:
        here, said = (self._answer(cells) for cells in (stored.cells, self._row.cells))
        # An empty cell takes nothing back, and a column that the file lacks says nothing.
        if said == here or not any(said):
            return None
        disposal = self._disposal(drafted=stored.number is None)
        if disposal is None or self._quietly(stored.cells) == disposal:
            return None
        if stored.withdrawn:
            self._fault(Column.DISPOSITION, f"C-{stored.number} was withdrawn by its agency.")
        elif disposal.duplicate_of == stored.pk:
            self._fault(Column.DISPOSITION, "A comment is no duplicate of itself.")
        else:
            self._check_action(disposal)
        return disposal

    def _answer(self, cells: Mapping[Column, str]) -> tuple[str, str]:
        return tidy(cells.get(Column.DISPOSITION, "")), tidy(cells.get(Column.RESPONSE, ""))

    def _quietly(self, cells: Mapping[Column, str]) -> NewDisposal | None:
        """Read the answer of a comment that there is, which has no faults."""
        row, found = self._row, self._found
        self._row, self._found = Row(number=row.number, cells=cells), []
        try:
            return self._disposal(kept=True)
        finally:
            self._row, self._found = row, found

    # A row without one: a new comment, or one that was taken before.

    def _unnumbered(self) -> Planned | None:
        new = self._new()
        if new is None or self._found:
            return None
        if stored := self._by_words.get(_key(new)):
            return self._about(stored)
        disposal = None
        if any(self._answer(self._row.cells)) and (
            disposal := self._disposal(drafted=self.known.as_drafts)
        ):
            self._check_action(disposal)
        if above := self._twin(_key(new), disposal):
            return self._planned(Outcome.TWIN, same_as=above)
        return self._planned(Outcome.NEW, new=new, disposal=disposal)

    def _new(self) -> NewComment | None:
        agency, version, kind = self._agency(), self._version(), self._kind()
        text = self._cell(Column.TEXT)
        if not text:
            self._fault(Column.TEXT, "The comment is empty.")
        if agency is None or version is None or kind is None:
            return None
        place = self._cell(Column.PLACE)
        anchor = paragraph_of(place)
        return NewComment(
            agency=agency,
            person=self._cell(Column.PERSON),
            version=version,
            clause=self._cell(Column.CLAUSE),
            place=place,
            line=self._cell(Column.LINE),
            kind=kind,
            text=text,
            proposal=self._cell(Column.PROPOSAL),
            anchor=anchor if anchor and anchor <= self.known.paragraphs[version] else None,
        )

    def _agency(self) -> int | None:
        text = self._cell(Column.AGENCY)
        found = self._named_agency(Column.AGENCY, text) if text else self.known.agency
        if not text and found is None:
            self._fault(Column.AGENCY, "The row names no agency.")
        if found is None:
            return None
        speaks_for = self.known.speaks_for
        if speaks_for is not None and found not in speaks_for:
            code = self.known.codes[found]
            self._fault(
                Column.AGENCY,
                f"You do not comment for {code}: its own people do, or the secretariat with a "
                "source.",
            )
        return found

    def _named_agency(self, column: Column, name: str) -> int | None:
        found = self.known.agencies.get(name.casefold(), frozenset())
        if len(found) == 1:
            return next(iter(found))
        if found:
            codes = " and ".join(sorted(self.known.codes[pk] for pk in found))
            self._fault(column, f"“{name}” was the name of {codes}: write which one.")
        else:
            self._fault(column, f"No agency is or was called “{name}”.")
        return None

    def _version(self) -> int | None:
        text = self._cell(Column.VERSION)
        if not text:
            if self.known.version is None:
                self._fault(Column.VERSION, "The row names no version.")
            return self.known.version
        try:
            version = version_of(text)
        except CellError as error:
            self._fault(Column.VERSION, str(error))
            return None
        if version not in self.known.paragraphs:
            self._fault(Column.VERSION, f"This product has no version {version}.")
            return None
        return version

    def _kind(self) -> CommentKind | None:
        text = self._cell(Column.KIND)
        if not text:
            self._fault(Column.KIND, "The row names no type: general, technical or editorial.")
            return None
        try:
            return kind_of(text)
        except CellError as error:
            self._fault(Column.KIND, str(error))
            return None

    # What is answered to it.

    def _disposal(self, *, kept: bool = False, drafted: bool = False) -> NewDisposal | None:
        """Read the answer in the row; ``kept`` is one that stands here already."""
        text, response = self._answer(self._row.cells)
        column = Column.DISPOSITION if text or not response else Column.RESPONSE
        if not kept and not self.known.may_dispose:
            self._fault(
                column,
                "You do not dispose of comments here: the product's editors, its group's "
                "co-chairs or the secretariat do.",
            )
            return None
        if drafted:
            self._fault(column, "A draft of an agency is not answered.")
            return None
        try:
            said = disposal_of(text)
        except CellError as error:
            self._fault(Column.DISPOSITION, str(error))
            return None
        if said is None:
            self._fault(Column.DISPOSITION, "The row has a response and no disposition.")
            return None
        if said.disposition == Disposition.WITHDRAWN and not kept:
            self._fault(Column.DISPOSITION, "Its own agency alone withdraws a comment.")
        if said.disposition == Disposition.REJECTED and not response:
            self._fault(Column.RESPONSE, "A rejection needs its reason.")
        return self._complete(said, response)

    def _complete(self, said: Disposal, response: str) -> NewDisposal:
        other, owner = None, None
        if said.duplicate_of:
            number = self._number(Column.DISPOSITION, f"C-{said.duplicate_of}")
            other = self._by_number.get(number)
            # What repeats a duplicate repeats its head.
            if other and other.duplicate_of:
                other = self._by_pk.get(other.duplicate_of, other)
        if said.owner:
            owner = self._named_agency(Column.DISPOSITION, said.owner)
        return NewDisposal(
            disposition=said.disposition,
            response=response,
            duplicate_of=other.pk if other else None,
            owner=owner,
            due=said.due,
        )

    def _check_action(self, disposal: NewDisposal) -> None:
        """Refuse a new disposition that can be nobody's any more."""
        other = self._by_pk.get(disposal.duplicate_of or 0)
        if other and other.withdrawn:
            self._fault(
                Column.DISPOSITION,
                f"C-{other.number} was withdrawn: what repeats it is answered by itself.",
            )
        if disposal.owner and disposal.owner not in self.known.members:
            code = self.known.codes[disposal.owner]
            self._fault(Column.DISPOSITION, f"{code} is no member agency: it cannot own an action.")
        if disposal.due and disposal.due < self.known.today:
            self._fault(Column.DISPOSITION, "The due date lies in the past: choose a later one.")


def _key(new: NewComment) -> tuple[object, ...]:
    """Return what makes two comments of an agency one, whoever of its people wrote it."""
    return (
        new.agency,
        new.version,
        new.clause,
        new.place,
        new.line,
        new.kind,
        new.text,
        new.proposal,
    )


def _words(stored: Stored) -> tuple[object, ...]:
    cells = stored.cells
    return (
        stored.agency,
        version_of(cells[Column.VERSION]),
        cells[Column.CLAUSE],
        cells[Column.PLACE],
        cells[Column.LINE],
        kind_of(cells[Column.KIND]),
        cells[Column.TEXT],
        cells[Column.PROPOSAL],
    )
