"""``manage.py load_demo``: tell the demo story in a tracker where nobody is yet."""

import logging
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from isecg import clock
from products.demo import gatherings, roster, works
from products.demo.people import PASSWORD, SIGN_INS
from products.demo.story import Story
from workgroups.models import Agency, User


class Command(BaseCommand):
    help = "Tell the demo story: invented people, products and a call in the present."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sign-ins", action="store_true", help="print the sign-ins only")

    def handle(self, *, sign_ins: bool, **options: Any) -> None:
        if sign_ins:
            self._print_sign_ins()
            return
        _check_possible()
        # A line for each letter of the story would hide what this command has to say.
        logging.getLogger("isecg.mail").setLevel(logging.WARNING)
        story = Story(clock.now())
        roster.add_people(story)
        roster.add_groups(story)
        roster.hand_over_the_chair(story)
        works.tell_all(story)
        gatherings.plan_activities(story)
        gatherings.hold_teleconferences(story)
        acts = story.tell()
        self.stdout.write(f"The demo story is told, in {acts} acts.")

    def _print_sign_ins(self) -> None:
        self.stdout.write(f"Sign in as one of these; the password is {PASSWORD} for each:\n\n")
        for sign_in in SIGN_INS:
            self.stdout.write(f"  {sign_in.email:<32} {sign_in.role}\n")


def _check_possible() -> None:
    if not settings.DEMO:
        raise CommandError(
            "This is no demo: its people would have a password that everybody knows. "
            "Set ISECG_DEMO=1 for a tracker that is one."
        )
    if User.objects.exists():
        raise CommandError(
            "There are people here already, and the story needs a present without any: "
            "nothing was loaded. A new demo starts where var/ is empty."
        )
    if not Agency.objects.exists():
        raise CommandError(
            "There are no agencies yet: first load the past with "
            "“manage.py load_reference data/isecg.json”."
        )
