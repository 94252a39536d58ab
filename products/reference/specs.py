"""The records of the file as data: each collection's fields, and what they may hold."""

from isecg.provenance import Confidence
from products.models.products import Kind
from products.reference.fields import (
    Check,
    Spec,
    code,
    count,
    country_code,
    instant_utc,
    many,
    one_of,
    optional,
    partial_date,
    record,
    text,
    time_zone,
    yes_or_no,
)
from products.relations import RelationKind
from products.workflow import State
from workgroups.models.agencies import AgencyKind
from workgroups.models.groups import GroupKind
from workgroups.models.meetings import MeetingKind, Mode

# "Entered here" is what the tracker says of its own rows, never of a source's.
CONFIDENCE = one_of([level for level in Confidence.values if level != Confidence.OWN])
PRECISION = optional(one_of(["year", "month", "day"]))

# The status words of the file, and the state that each one is here.
STATES = {
    "released": State.RELEASED,
    "superseded": State.SUPERSEDED,
    "adopted": State.RELEASED,
    "living": State.DRAFTING,
}

_CONFIDENT: Spec = {"source": text(), "confidence": CONFIDENCE}
_SOURCED: Spec = {**_CONFIDENT, "other_sources": many(text()), "note": optional(text())}
_AGENCY = code(20)
_NAMES = {
    "code": optional(_AGENCY),
    "name": text(200),
    "from": optional(partial_date),
    "to": optional(partial_date),
    **_CONFIDENT,
    "note": optional(text()),
}
_TIMES = {
    "start_utc": instant_utc,
    "duration_min": optional(count),
    "as_announced": optional(text(200)),
}

COLLECTIONS: dict[str, Spec] = {
    "agencies": {
        "code": _AGENCY,
        "name": text(200),
        "country": text(100),
        "country_iso2": optional(country_code),
        "kind": one_of(AgencyKind.values),
        "founding_member": yes_or_no,
        "joined": optional(partial_date),
        "joined_precision": PRECISION,
        "left": optional(partial_date),
        "name_history": many(record(_NAMES)),
        "aliases": many(_AGENCY),
        "hq_city": optional(text(100)),
        "timezone": time_zone,
        "timezone_source": text(),
        "timezone_confidence": CONFIDENCE,
        **_SOURCED,
    },
    "membership_counts": {"as_of": partial_date, "count": count, **_CONFIDENT},
    "meetings": {
        "id": code(60),
        "kind": one_of(MeetingKind.values),
        "number": optional(count),
        "title": text(200),
        "start": optional(partial_date),
        "end": optional(partial_date),
        "place": optional(text(200)),
        "country_iso2": optional(country_code),
        "mode": optional(one_of([mode for mode in Mode.values if mode])),
        "host_agency": optional(_AGENCY),
        "chair_agency": optional(_AGENCY),
        "attending_agencies": optional(many(_AGENCY)),
        "attending_count": optional(count),
        "absent_agencies": optional(many(_AGENCY)),
        "times": optional(record(_TIMES)),
        **_SOURCED,
    },
    "chair_terms": {
        "agency": optional(_AGENCY),
        "start": optional(partial_date),
        "start_precision": PRECISION,
        "end": optional(partial_date),
        "end_precision": PRECISION,
        "chair_person": optional(text(200)),
        **_SOURCED,
    },
    "working_groups": {
        "code": code(20),
        "name": text(200),
        "kind": one_of(GroupKind.values),
        "known_active": many(count),
        "lead_agency": optional(_AGENCY),
        "predecessor": optional(code(20)),
        "co_chairs": optional(many(text(200))),
        **_SOURCED,
    },
    "products": {
        "code": code(40),
        "series": optional(text(40)),
        "title": text(250),
        "kind": one_of(Kind.values),
        "edition": optional(text(20)),
        "released": optional(partial_date),
        "released_precision": PRECISION,
        "status": one_of(STATES),
        "responsible_wg": optional(code(20)),
        "participating_agencies": optional(many(_AGENCY)),
        "participating_count": optional(count),
        "relations": many(record({"type": one_of(RelationKind.values), "target": code(40)})),
        "comment_channel": optional(text(200)),
        "events": many(record({"date": partial_date, "event": text(), "source": text()})),
        **_SOURCED,
    },
    "liaison_organisations": {
        "code": code(20),
        "name": text(200),
        "relation": text(),
        "founded": optional(partial_date),
        **_SOURCED,
    },
}

# What names a record of each collection, in messages and in the records of others.
# Terms of the chair have no name: they are known by their place in the list.
IDENTITY = {
    "agencies": "code",
    "membership_counts": "as_of",
    "meetings": "id",
    "chair_terms": None,
    "working_groups": "code",
    "products": "code",
    "liaison_organisations": "code",
}

# Which fields name a record of another collection.
REFERENCES = (
    ("meetings", "host_agency", "agencies"),
    ("meetings", "chair_agency", "agencies"),
    ("meetings", "attending_agencies", "agencies"),
    ("meetings", "absent_agencies", "agencies"),
    ("chair_terms", "agency", "agencies"),
    ("working_groups", "lead_agency", "agencies"),
    ("working_groups", "predecessor", "working_groups"),
    ("products", "responsible_wg", "working_groups"),
    ("products", "participating_agencies", "agencies"),
)

# Which dates have their precision spelt out beside them.
PRECISIONS = (
    ("agencies", "joined"),
    ("chair_terms", "start"),
    ("chair_terms", "end"),
    ("products", "released"),
)

# Which dates follow which; where equal is allowed, both may name one day.
ORDERS = (
    ("agencies", "joined", "left", False),
    ("meetings", "start", "end", True),
    ("chair_terms", "start", "end", True),
)

META: dict[str, Check] = {"title": text(200)}
