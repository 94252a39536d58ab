"""The invented people of the demo, and those of them whom a visitor can be."""

from dataclasses import dataclass

from workgroups.roles import Capacity

# Shown beside every sign-in of the demo; no account of a real site has it.
PASSWORD = "one-agency-one-voice"  # noqa: S105 it opens the demo and nothing else
DOMAIN = "demo.example.org"


@dataclass(frozen=True, kw_only=True)
class Person:
    """An invented person: ``key`` names them in the story and in their address."""

    key: str
    name: str
    time_zone: str
    agency: str = ""
    capacity: Capacity | None = None

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"

    @property
    def shown(self) -> str:
        """The name with the mark that every invented person bears."""
        return f"{self.name} (invented)"


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """A person whom a visitor can be, and what there is to do as them."""

    person: Person
    role: str
    invitation: str

    @property
    def email(self) -> str:
        return self.person.email

    @property
    def name(self) -> str:
        return self.person.shown


def _of(agency: str, time_zone: str, **people: tuple[str, Capacity]) -> tuple[Person, ...]:
    return tuple(
        Person(key=key, name=name, time_zone=time_zone, agency=agency, capacity=capacity)
        for key, (name, capacity) in people.items()
    )


_HEAD, _ALTERNATE, _STAFF = Capacity.HEAD, Capacity.ALTERNATE, Capacity.STAFF

SECRETARIAT = Person(key="secretariat", name="Ilse Vermeer", time_zone="Europe/Amsterdam")
DESK = Person(key="desk", name="Tomas Lindgren", time_zone="Europe/Amsterdam")

DELEGATES: tuple[Person, ...] = (
    *_of(
        "CNES",
        "Europe/Paris",
        chair=("Camille Roussel", _HEAD),
        marchand=("Étienne Marchand", _STAFF),
    ),
    *_of("JAXA", "Asia/Tokyo", delegate=("Haruto Minase", _HEAD), tanabe=("Aoi Tanabe", _STAFF)),
    *_of(
        "CSA",
        "America/Toronto",
        mackay=("Gordon MacKay", _HEAD),
        alternate=("Noémie Tremblay", _ALTERNATE),
    ),
    *_of(
        "ASI", "Europe/Rome", ferrante=("Lucia Ferrante", _HEAD), staff=("Davide Moretti", _STAFF)
    ),
    *_of(
        "ESA",
        "Europe/Paris",
        solberg=("Ingrid Solberg", _HEAD),
        dewit=("Pieter de Wit", _ALTERNATE),
    ),
    *_of(
        "NASA",
        "America/New_York",
        whitfield=("Maya Whitfield", _HEAD),
        okafor=("Daniel Okafor", _ALTERNATE),
    ),
    *_of("DLR", "Europe/Berlin", vogel=("Katrin Vogel", _HEAD), brandt=("Jonas Brandt", _STAFF)),
    *_of("UKSA", "Europe/London", hughes=("Eleanor Hughes", _HEAD)),
    *_of("ISRO", "Asia/Kolkata", nambiar=("Arjun Nambiar", _HEAD), rao=("Sunita Rao", _STAFF)),
    *_of("KARI", "Asia/Seoul", seo=("Seo Yun-ah", _HEAD)),
    *_of("ASA", "Australia/Adelaide", pemberton=("Oliver Pemberton", _HEAD)),
    *_of("LSA", "Europe/Luxembourg", weber=("Claire Weber", _ALTERNATE)),
    # A seat with staff and nobody who may speak is vacant all the same (rule 5).
    *_of("POLSA", "Europe/Warsaw", zielinska=("Marta Zielińska", _STAFF)),
)

PEOPLE = (SECRETARIAT, DESK, *DELEGATES)
BY_KEY = {person.key: person for person in PEOPLE}

SIGN_INS: tuple[SignIn, ...] = (
    SignIn(
        person=BY_KEY["secretariat"],
        role="Secretariat",
        invitation="Release the agreed guidelines; keep the Workplan, the roster and the meetings.",
    ),
    SignIn(
        person=BY_KEY["chair"],
        role="Chair in office, and head of delegation of CNES",
        invitation="Declare the outcome of the call that has closed; open the next one.",
    ),
    SignIn(
        person=BY_KEY["delegate"],
        role="Head of delegation of JAXA",
        invitation="Take JAXA's position in the open call.",
    ),
    SignIn(
        person=BY_KEY["alternate"],
        role="Alternate of CSA, whose head of delegation has left",
        invitation="Read the objection, then take CSA's position.",
    ),
    SignIn(
        person=BY_KEY["staff"],
        role="Staff of ASI, and editor of the Mars supplement",
        invitation="Write the next version, and circulate it to all members.",
    ),
)
