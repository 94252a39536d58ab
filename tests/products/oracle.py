"""What a call comes to, written a second time: naively, second by second, from the words alone.

Nothing of the tracker is imported. The tests compare both, so leave this one slow and plain.
"""

from datetime import datetime
from fractions import Fraction

POSITIONS = ["concur", "reservation", "condition", "abstain", "object"]
BREAKING = ["object", "condition", "propose_amendment", "more_time"]


def second(text):
    instant = datetime.fromisoformat(text).timestamp()
    assert instant == int(instant), "the oracle knows whole seconds only"
    return int(instant)


class Hall:
    """Everybody who was asked, with a card before each; a call is played in it."""

    def __init__(self, call):
        self.call = call
        self.seats = dict.fromkeys(call["electorate"], "")
        self.late, self.lapsed = set(), set()
        self.end = ""

    def play(self):
        first, last = second(self.call["opened_at"]), second(self.call["at"])
        for now in range(first, last + 1):
            broken = self.hear(now)
            if self.end:
                continue
            for event in self.call.get("version_events") or []:
                contested = "object" in self.seats.values()
                if second(event["at"]) == now and (event["change"] == "substantive" or contested):
                    self.end = "overtaken"
            if self.end == "" and broken and self.call["mode"] == "silence":
                self.end = "silence_broken"
            if self.end == "" and now == second(self.call["deadline"]):
                self.end = "deadline"
        # The last second is the deadline's own: it has to be over.
        if self.end == "deadline" and last == second(self.call["deadline"]):
            self.end = ""

    def hear(self, now):
        entries = [one for one in self.call["entries"] if second(one["at"]) == now]
        if self.end:
            self.late.update(one["agency"] for one in entries)
            return False
        heeded = [self.heed(one["agency"], one["act"]) for one in entries]
        return True in heeded

    def heed(self, agency, act):
        if agency not in self.seats:
            return False
        if act in POSITIONS:
            self.seats[agency] = act
        if act == "withdraw":
            self.seats[agency] = ""
        if act == "leave" and self.seats.pop(agency):
            self.lapsed.add(agency)
        return act in BREAKING

    def holding(self, card):
        return sorted(agency for agency, held in self.seats.items() if held == card)


def answer(call):
    """Return what ``rehearse_call`` should print of a call, but for its sentence."""
    hall = Hall(call)
    hall.play()
    tacit, unheard = [], hall.holding("")
    if call["mode"] == "silence" and hall.end == "deadline":
        notices = call.get("notices")
        tacit = [one for one in unheard if notices is None or notices.get(one) == "delivered"]
        unheard = [one for one in unheard if one not in tacit]
    counts = {position: hall.holding(position) for position in POSITIONS}
    counts |= {"tacit": tacit, "no_response": unheard}
    of = len(hall.seats)
    responded = sum(len(counts[position]) for position in POSITIONS)
    return {
        "outcome": verdict(call, hall.end, counts, responded, of),
        "counts": counts,
        "responded": responded,
        "of": of,
        "response_percent": (2000 * responded + of) // (2 * of) / 10 if of else 0.0,
        "late": sorted(hall.late),
        "lapsed": sorted(hall.lapsed),
    }


def verdict(call, end, counts, responded, of):
    if end == "":
        return "open"
    if end != "deadline":
        return end
    found = silent(counts) if call["mode"] == "silence" else voted(call, counts, responded, of)
    if found == "consensus" and counts["reservation"]:
        return "consensus_with_reservations"
    return found


def silent(counts):
    if counts["no_response"]:
        return "silence_not_valid"
    consenting = counts["concur"] + counts["reservation"] + counts["tacit"]
    return "consensus" if consenting else "insufficient_support"


def voted(call, counts, responded, of):
    quorum, least = (
        Fraction(repr(call["settings"][name])) for name in ("quorum", "minimum_support")
    )
    if call["mode"] == "unanimous":
        least = 1
    if of == 0 or responded < quorum * of:
        return "no_quorum"
    if counts["object"]:
        return "dissent"
    if len(counts["concur"] + counts["reservation"] + counts["condition"]) < least * of:
        return "insufficient_support"
    return "provisional" if counts["condition"] else "consensus"
