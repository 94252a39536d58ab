"""``manage.py load_reference FILE``: load the published past of ISECG."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from products.reference import reading, specs, writing


class Command(BaseCommand):
    help = "Load the reference data of a file. Loading it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a JSON file, as data/isecg.json")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            data = reading.read(file)
        except reading.BrokenFileError as error:
            raise CommandError(f"Nothing was loaded. {error}") from error
        changes = writing.write(data)
        found = ", ".join(
            f"{len(getattr(data, name))} {name.replace('_', ' ')}" for name in specs.COLLECTIONS
        )
        self.stdout.write(f"The file has {found}.")
        if not changes:
            self.stdout.write("All of it is here already: nothing was changed.")
            return
        added, changed = changes.added.total(), changes.changed.total()
        self.stdout.write(f"Rows added: {added}. Rows changed: {changed}.")
