"""Writing a checked file into the tracker: only what is new or different."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from django.db import models, transaction
from django.utils.text import slugify

from isecg.events import log
from isecg.history import Tracked
from isecg.partial_dates import PartialDate
from products.models import Milestone, Participation, Product, Relation, Release, ReleaseParticipant
from products.models.products import Degree
from products.reference.consistency import Row
from products.reference.reading import ReferenceData
from products.reference.specs import STATES
from products.workflow import State
from workgroups.models import (
    Agency,
    AgencyName,
    Attendance,
    ChairTerm,
    LiaisonOrganisation,
    Meeting,
    MeetingDay,
    Membership,
    MembershipCount,
    WorkingGroup,
)
from workgroups.models.meetings import Presence

AnyRow = TypeVar("AnyRow", bound=models.Model)

# Meetings whose days are not adjacent (rule 39). The file gives only the first and the
# last day; the days between them come from the words of the record's own note.
SEPARATE_DAYS = {"sam-2021-11": (date(2021, 11, 30), date(2021, 12, 2))}

_UNKNOWN: tuple[Any, ...] = (None, "", [])


@dataclass
class Changes:
    """What a load wrote: how many rows of each model, new and different."""

    added: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed)


@transaction.atomic(durable=True)
def write(data: ReferenceData) -> Changes:
    """Bring the tracker to what the file says; write nothing where it does already.

    What the file does not know erases nothing. What moves by the tracker's own acts
    alone is written once and then left: a product's state, an agency's present name,
    and the names frozen with a release.
    """
    writer = _Writer(f"Reference data: {data.title}")
    writer.write(data)
    if writer.changes:
        log.record(
            "reference.loaded",
            by=None,
            subject=writer.agencies[data.secretariat_host],
            reason=writer.reason,
            after={"added": dict(writer.changes.added), "changed": dict(writer.changes.changed)},
        )
    return writer.changes


def _sourced(row: Row) -> Row:
    return {
        "source": row["source"],
        "other_sources": row.get("other_sources", []),
        "confidence": row["confidence"],
        "note": row.get("note") or "",
    }


class _Writer:
    """One load: the rows that later records refer to, and what was changed."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.changes = Changes()
        self.agencies: dict[str, Agency] = {}
        self.groups: dict[str, WorkingGroup] = {}
        self.meetings: dict[str, Meeting] = {}
        self.products: dict[str, Product] = {}

    def write(self, data: ReferenceData) -> None:
        attested = _all_members_on(data)
        for row in data.agencies:
            self._agency(row, attested)
        for row in data.membership_counts:
            values = {"count": row["count"], **_sourced(row)}
            self._put(MembershipCount, {"as_of": row["as_of"]}, values)
        for row in data.liaison_organisations:
            self._liaison(row)
        for row in data.meetings:
            self._meeting(row)
        for position, row in enumerate(data.chair_terms, start=1):
            self._chair_term(position, row)
        self._groups(data.working_groups)
        for row in data.products:
            self._product(row)
        # A product may relate to one that stands after it in the file.
        for row in data.products:
            self._relations(row)

    def _put(
        self,
        model: type[AnyRow],
        keys: Row,
        values: Row,
        *,
        first: Row | None = None,
    ) -> AnyRow:
        """Return the row with these ``keys``, made or corrected where it has to be.

        ``first`` is written only when the row is made. What is unknown in ``values``
        leaves what the row says.
        """
        row = model._default_manager.filter(**keys).order_by("pk").first()
        if row is None:
            row = model(**keys, **values, **(first or {}))
            self._save(row)
            self.changes.added[model.__name__] += 1
            return row
        different = {
            name: value
            for name, value in values.items()
            if value not in _UNKNOWN and getattr(row, name) != value
        }
        if different:
            for name, value in different.items():
                setattr(row, name, value)
            self._save(row)
            self.changes.changed[model.__name__] += 1
        return row

    def _save(self, row: models.Model) -> None:
        if isinstance(row, Tracked):
            row.save_as(None, self.reason)
        else:
            row.save()

    def _agency(self, row: Row, attested: str) -> None:
        values = {
            "country": row["country"],
            "country_code": row["country_iso2"] or "",
            "kind": row["kind"],
            "founding_member": row["founding_member"],
            "hq_city": row["hq_city"] or "",
            "time_zone": row["timezone"],
            "time_zone_source": row["timezone_source"],
            "time_zone_confidence": row["timezone_confidence"],
            **_sourced(row),
        }
        # A rename is an act, which keeps the former name: a second load does not undo it.
        names = {"code": row["code"], "name": row["name"]}
        agency = self._put(Agency, {"key": slugify(row["code"])}, values, first=names)
        self.agencies[row["code"]] = agency
        for name in row["name_history"]:
            keys = {"agency": agency, "code": name["code"] or "", "name": name["name"]}
            dates = {"start": name["from"] or "", "end": name["to"] or ""}
            self._put(AgencyName, keys, {**dates, **_sourced(name)})
        membership = {
            "start": row["joined"] or "",
            "end": row["left"] or "",
            "attested_on": "" if row["joined"] else attested,
        }
        if any(membership.values()):
            self._put(Membership, {"agency": agency}, membership)

    def _liaison(self, row: Row) -> None:
        values = {
            "name": row["name"],
            "relation": row["relation"],
            "founded": row["founded"] or "",
            **_sourced(row),
        }
        self._put(LiaisonOrganisation, {"code": row["code"]}, values)

    def _meeting(self, row: Row) -> None:
        times = row["times"] or {}
        start = times.get("start_utc")
        values = {
            "kind": row["kind"],
            "number": row["number"],
            "title": row["title"],
            "start": row["start"] or "",
            "end": row["end"] or "",
            "starts_at": datetime.fromisoformat(start).astimezone(UTC) if start else None,
            "duration_minutes": times.get("duration_min"),
            "as_announced": times.get("as_announced") or "",
            "place": row["place"] or "",
            "country_code": row["country_iso2"] or "",
            "mode": row["mode"] or "",
            "host": self.agencies.get(row["host_agency"]),
            "chair": self.agencies.get(row["chair_agency"]),
            "attending_count": row["attending_count"],
            **_sourced(row),
        }
        meeting = self._put(Meeting, {"key": row["id"]}, values)
        self.meetings[row["id"]] = meeting
        for day in SEPARATE_DAYS.get(row["id"], ()):
            self._put(MeetingDay, {"meeting": meeting, "day": day}, {})
        for presence, name in (
            (Presence.PRESENT, "attending_agencies"),
            (Presence.ABSENT, "absent_agencies"),
        ):
            for code in row[name] or []:
                keys = {"meeting": meeting, "agency": self.agencies[code]}
                self._put(Attendance, keys, {"presence": presence})

    def _chair_term(self, position: int, row: Row) -> None:
        """Write a term of the past: it has no instants, and so no power today (rule 7)."""
        same_day = [meeting for meeting in self.meetings.values() if meeting.start == row["start"]]
        by_day = row["start_precision"] == "day" and len(same_day) == 1
        values = {
            "agency": self.agencies.get(row["agency"]),
            "person_name": row["chair_person"] or "",
            "start": row["start"] or "",
            "end": row["end"] or "",
            "handover": same_day[0] if by_day else None,
            **_sourced(row),
        }
        self._put(ChairTerm, {"position": position}, values)

    def _groups(self, rows: list[Row]) -> None:
        waiting = list(rows)
        while waiting:
            # The file may name a successor before its predecessor.
            row = next(row for row in waiting if row["predecessor"] in (None, *self.groups))
            waiting.remove(row)
            values = {
                "name": row["name"],
                "kind": row["kind"],
                "lead_agency": self.agencies.get(row["lead_agency"]),
                "predecessor": self.groups.get(row["predecessor"]),
                "known_active": row["known_active"],
                "named_co_chairs": row["co_chairs"] or [],
                **_sourced(row),
            }
            self.groups[row["code"]] = self._put(WorkingGroup, {"code": row["code"]}, values)

    def _product(self, row: Row) -> None:
        values = {
            "title": row["title"],
            "kind": row["kind"],
            "series": row["series"] or "",
            "edition": row["edition"] or "",
            "group": self.groups.get(row["responsible_wg"]),
            "comment_channel": row["comment_channel"] or "",
            "reported_participants": row["participating_count"],
            "reported_status": row["status"],
            **_sourced(row),
        }
        state = STATES[row["status"]]
        product = self._put(Product, {"code": row["code"]}, values, first={"state": state})
        self.products[row["code"]] = product
        for event in row["events"]:
            keys = {"product": product, "day": event["date"], "text": event["event"]}
            self._put(Milestone, keys, {"source": event["source"]})
        for code in row["participating_agencies"] or []:
            keys = {"product": product, "agency": self.agencies[code]}
            self._put(Participation, keys, {}, first={"degree": Degree.UNKNOWN})
        if state in (State.RELEASED, State.SUPERSEDED):
            self._release(product, row)

    def _relations(self, row: Row) -> None:
        for relation in row["relations"]:
            keys = {
                "product": self.products[row["code"]],
                "kind": relation["type"],
                "target": self.products[relation["target"]],
            }
            self._put(Relation, keys, {})

    def _release(self, product: Product, row: Row) -> None:
        """Write a release of the past, its names frozen as they were that day (rule 34)."""
        release = self._put(Release, {"product": product}, {"day": row["released"] or ""})
        for code in row["participating_agencies"] or []:
            agency = self.agencies[code]
            printed, name = agency.code, agency.name
            if row["released"]:
                printed, name = agency.name_on(PartialDate.parse(row["released"]).earliest)
            keys = {"release": release, "agency": agency}
            self._put(ReleaseParticipant, keys, {}, first={"code": printed, "name": name})


def _all_members_on(data: ReferenceData) -> str:
    """Return the first day on which a source counts every agency of the file that never left.

    On that day each of them is known to be a member, also where nobody says since when.
    """
    staying = sum(not agency["left"] for agency in data.agencies)
    days = [row["as_of"] for row in data.membership_counts if row["count"] == staying]
    return min(days, default="")
