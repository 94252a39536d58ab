"""A product with its electorate, ready for a call: what the tests of calls begin with."""

from dataclasses import dataclass
from datetime import timedelta

from isecg import clock
from products.consensus import Mode, Stand
from products.models import Call, Circulation, CirculationRecipient, Product, VersionFile
from products.services import calls
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    ChairTermFactory,
    MandateFactory,
    ParticipationFactory,
    ProductFactory,
    UserFactory,
    VersionFactory,
)
from workgroups.models import Agency, User


@dataclass
class World:
    """A product, the agencies that take part with their heads, and the secretariat."""

    product: Product
    agencies: list[Agency]
    heads: list[User]
    secretariat: User
    call: Call | None = None

    def say(self, at: int, stand: Stand, text: str = "Because.") -> None:
        """Have the head of the agency at an index take a position."""
        text = "" if stand in (Stand.CONCUR, Stand.ABSTAIN) else text
        calls.record_position(
            self.call, agency=self.agencies[at], stand=stand, text=text, by=self.heads[at]
        )


def write_version(product, **fields):
    version = VersionFactory(product=product, **fields)
    VersionFile.objects.create(
        version=version,
        role="main",
        name=f"v{version.number}.md",
        path=f"x/{version.number}",
        media_type="text/markdown",
        size=14,
        sha256=version.sha256,
    )
    return version


def circulate(version, *, opened_at, days=14):
    circulation = Circulation(
        version=version,
        opened_at=opened_at,
        closes_at=opened_at + timedelta(days=days),
        time_zone="UTC",
        share_days=days,
    )
    circulation.save_as(None, "factory")
    for agency in Agency.objects.members_on(opened_at.date()):
        CirculationRecipient.objects.create(
            circulation=circulation, agency=agency, code=agency.code
        )
    return circulation


def make_world(count=3, *, codes=(), **product):
    """Make a product that was shared long enough, with ``count`` participating agencies."""
    row = ProductFactory(**{"state": State.SHARED, **product})
    names = list(codes) or [None] * count
    agencies = [AgencyFactory(**({"code": code} if code else {})) for code in names]
    heads = [MandateFactory(agency=agency).person for agency in agencies]
    for agency in agencies:
        ParticipationFactory(product=row, agency=agency)
    circulate(write_version(row), opened_at=clock.now() - timedelta(days=20))
    return World(
        product=row,
        agencies=agencies,
        heads=heads,
        secretariat=UserFactory(name="Sam Secretariat", is_secretariat=True),
    )


def make_call(count=3, *, days=10, mode=Mode.EXPLICIT, **given):
    """Make a world whose call is open for ``days`` more."""
    world = make_world(count, **given)
    world.call = calls.open_call(
        world.product,
        question="Is this agreed?",
        mode=mode,
        deadline=clock.now() + timedelta(days=days),
        time_zone="Europe/Paris",
        by=world.secretariat,
    )
    return world


def give_chair(agency, **fields):
    return ChairTermFactory(agency=agency, **fields)
