"""A product with its electorate, ready for a call: what the tests of calls begin with."""

from dataclasses import dataclass
from datetime import timedelta

from isecg import clock
from products import files
from products.consensus import Mode, Stand
from products.models import Call, Circulation, CirculationRecipient, Product, VersionFile
from products.models.versions import ChangeClass
from products.services import calls, versions
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

    def refresh(self) -> None:
        """Read the product and the call again."""
        self.product.refresh_from_db()
        if self.call:
            self.call.refresh_from_db()


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


def submit(world, change=ChangeClass.EDITORIAL, *, text=None):
    """Submit another version by its service, as the secretariat."""
    latest = world.product.versions.order_by("-number").first().number
    return versions.submit_version(
        world.product,
        main=files.from_text(text or f"Text {latest + 1}.", name="main.md"),
        change_class=change,
        note="Misprints.",
        by=world.secretariat,
        expected_latest=latest,
    )


def make_carried(*stands, codes=("ASI", "CNES", "ESA"), **given):
    """Make a call in which positions were given, and an editorial version after them."""
    world = make_call(codes=codes, **given)
    for at, stand in enumerate(stands):
        world.say(at, stand)
    submit(world)
    world.refresh()
    return world


def give_chair(agency, **fields):
    return ChairTermFactory(agency=agency, **fields)
