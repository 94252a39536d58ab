"""One call played twice: by the pure rule, from JSON, and by people, on the pages.

A call is written as ``manage.py rehearse_call`` reads it. :func:`rehearsed` asks the rule;
:class:`Played` opens the same call through its confirmation sheet, has the heads do what the
entries say at their instants, and reads from the page and the record what it came to.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import time_machine
from django.test import Client
from django.urls import reverse

from isecg import clock
from isecg.mail.delivery import deliver_pending
from isecg.mail.models import Letter
from isecg.mail.models import State as LetterState
from products import rehearsal
from products.consensus import Stand
from products.models import Decision
from products.models.calls import CallState
from tests.products.world import make_world

OPENED_AT = "2026-03-02T09:00:00Z"  # a Monday
DEADLINE = "2026-03-16T17:00:00Z"
AFTER = "2026-03-16T17:00:01Z"
HALVES = {"quorum": 0.5, "minimum_support": 0.5}
SECOND = timedelta(seconds=1)
# Where the acts are done that are no positions.
BESIDE = {"more_time": "call_more_time", "propose_amendment": "call_amend"}


def entry(agency, at, act, text=""):
    """Return one entry of a call, with a text where it needs one."""
    texts = {"reservation", "condition", "object", "more_time", "propose_amendment"}
    return {"agency": agency, "at": at, "act": act, "text": text or "Clause 4." * (act in texts)}


def a_call(*entries, electorate, **changed):
    """Return a call as the rehearsal reads it: explicit, of two weeks, asked after its end."""
    return {
        "mode": "explicit",
        "opened_at": OPENED_AT,
        "deadline": DEADLINE,
        "at": AFTER,
        "settings": HALVES,
        "electorate": list(electorate),
        "entries": list(entries),
        **changed,
    }


def rehearsed(call):
    """Return what the rule says that a call came to."""
    return rehearsal.answer(rehearsal.read(json.dumps(call)))


@dataclass
class Played:
    """A call as people lived it: each act in its moment, by the page that is there for it."""

    call: dict
    refused: list = field(default_factory=list)
    client: Client = field(default_factory=Client)

    @classmethod
    def of(cls, call, *, before=lambda world: None, until=None):
        """Play ``call`` and stop the clock at its ``at``; ``before`` readies its world."""
        played = cls(call)
        moments = [(one["at"], 0, played._enter, one) for one in call["entries"]]
        moments += [(one["at"], 1, played._write, one) for one in call.get("version_events", ())]
        with played._clock(call["opened_at"]) as traveller:
            played.world = make_world(codes=call["electorate"])
            before(played.world)
            played._open()
            for at, _, act, given in sorted(moments, key=lambda one: (_instant(one[0]), one[1])):
                traveller.move_to(_instant(at))
                act(given)
        return played

    @property
    def row(self):
        self.world.call.refresh_from_db()
        return self.world.call

    def _clock(self, at):
        return time_machine.travel(_instant(at), tick=False)

    def _by(self, user):
        # Anew each time: a sign-in does not last as long as a call.
        self.client.force_login(user)
        return self.client

    def _head(self, agency):
        return self.world.heads[self.call["electorate"].index(agency)]

    def _open(self):
        vacant = {code for code, is_ in self.call.get("notices", {}).items() if is_ == "vacant"}
        for code in vacant:
            mandate = self._head(code).mandates.get()
            mandate.ends_at = clock.now()
            mandate.save_as(None, "Nobody speaks for it.")
        deadline = _instant(self.call["deadline"])
        typed = {
            "question": "Is this agreed?",
            "mode": self.call["mode"],
            "day": f"{deadline:%Y-%m-%d}",
            "time": f"{deadline:%H:%M}",
            "time_zone": "UTC",
        }
        address = reverse("call_new", args=[self.world.product.code])
        client = self._by(self.world.secretariat)
        sheet = client.post(address, typed)
        assert (sheet.status_code, bool(sheet.context["sheet"])) == (200, True), sheet.context
        done = client.post(address, typed | {"confirm": "yes"})
        assert done.status_code == 302, done.context["form"].errors
        self.world.call = self.world.product.calls.get()
        assert self.world.call.mode == self.call["mode"]
        self._send_letters()

    def _send_letters(self):
        """Send the letters of the opening; those of seats that cannot be reached fail."""
        notices = self.call.get("notices", {})
        failing = [
            self._head(code) for code in self.call["electorate"] if notices.get(code) == "failed"
        ]
        letters = Letter.objects.filter(kind="call.opened", recipient__in=failing)
        letters.update(state=LetterState.FAILED, last_error="No such box.")
        deliver_pending()

    def _enter(self, given):
        """Do what an entry says, as its agency's head, on the page of the call or product."""
        code, act = given["agency"], given["act"]
        agency = self.world.agencies[self.call["electorate"].index(code)]
        client, call = self._by(self._head(code)), self.world.call
        where = [call.pk, agency.key]
        if act in Stand.values:
            address = reverse("call_position", args=where)
            typed = {f"{agency.key}-stand": act, f"{agency.key}-text": given["text"]}
        elif act == "withdraw":
            address, typed = reverse("call_withdraw", args=where), {}
        elif act == "leave":
            address = reverse("product_act", args=[self.world.product.code, "leave"])
            typed = {"agency": agency.key, "reason": "Our own act."}
        else:
            address = reverse(BESIDE[act], args=where)
            typed = {f"{act}-{agency.key}-text": given["text"]}
        self._done(client.post(address, typed), given)

    def _write(self, given):
        """Submit a version through the page on which it is written."""
        product, number = self.world.product, self.world.product.versions.count()
        typed = {
            "how": "write",
            "text": f"Version {number + 1}.",
            "change_class": given["change"],
            "note": "Said otherwise.",
            "expected_latest": number,
            "revision": 0,
        }
        client = self._by(self.world.secretariat)
        self._done(client.post(reverse("version_new", args=[product.code]), typed), given)

    def _done(self, response, given):
        assert response.status_code in (302, 422), (response.status_code, given)
        if response.status_code == 422:
            self.refused.append(given)

    def page(self, user=None, *, at=None):
        """Return the answer of the call's page at an instant."""
        with self._clock(at or self.call["at"]):
            response = self._by(user or self.world.secretariat).get(self.row.get_absolute_url())
        assert response.status_code == 200
        return response

    def shown(self, *, at=None):
        """Return what the call's page says that it came to, in the words of the rehearsal."""
        response = self.page(at=at)
        reading, rows = response.context["reading"], response.context["rows"]
        count = reading.tally
        kinds = {row.elector.code: row.kind for row in rows}
        stands = {
            stand.value: sorted(code for code, kind in kinds.items() if kind == stand)
            for stand in Stand
        }
        assert {stand: count.of(Stand(stand)) for stand in stands} == stands
        return {
            "outcome": reading.outcome.value if reading.ended_at else "open",
            "counts": {**stands, "tacit": count.tacit, "no_response": count.no_response},
            "responded": count.responded,
            "of": len(count.electorate),
            "response_percent": float(count.percent),
            "late": sorted(row.elector.code for row in rows if row.late),
            "lapsed": list(count.lapsed),
            "sentence": reading.sentence,
        }

    def declared(self, outcome, *, by=None, at=None, reason=""):
        """Declare the outcome on its page; return the decision on record."""
        typed = {"outcome": outcome, "statement": "So it is.", "reason": reason}
        with self._clock(at or self.call["at"]):
            client = self._by(by or self.world.secretariat)
            response = client.post(reverse("declare", args=[self.row.pk]), typed)
        assert response.status_code == 302, response.content.decode()
        return Decision.objects.get(call=self.row)


def _instant(text):
    return datetime.fromisoformat(text)


def said_by_both(call, **given):
    """Play a call both ways, hold that both say the same, and return how it was lived.

    What is declared is then on record in the same figures.
    """
    told, played = rehearsed(call), Played.of(call, **given)
    assert played.refused == []
    assert played.shown() == told
    played.told = told
    return played


def on_record(decision):
    """Return what a decision record holds, in the words of the rehearsal."""
    record = decision.record
    return {
        "outcome": decision.computed,
        **record["positions"],
        "no_response": record["no_response"],
        "responded": record["responded"],
        "of": record["of"],
        "response_percent": float(record["percent"]),
        "late": record["late"],
    }


def declared_as_told(played, **given):
    """Declare what was computed, hold that the record says what the rule does, and return it."""
    told = played.told
    decision = played.declared(told["outcome"], **given)
    expected = {name: told[name] for name in ("outcome", "responded", "of", "response_percent")}
    stands = {stand.value: told["counts"][stand] for stand in Stand}
    unanswered = {"no_response": told["counts"]["no_response"], "late": told["late"]}
    assert on_record(decision) == expected | stands | unanswered
    assert decision.outcome == told["outcome"]
    assert played.row.state == CallState.DECLARED
    return decision
