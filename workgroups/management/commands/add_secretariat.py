"""``manage.py add_secretariat``: the first account of a new site (rule 6)."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from workgroups.models import User
from workgroups.services.errors import RefusedError
from workgroups.services.people import add_first_secretariat


class Command(BaseCommand):
    help = "Opens the first account of the secretariat, which then opens all others."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address to sign in with")
        parser.add_argument("name", help="the person's name")

    def handle(self, *, email: str, name: str, **options: Any) -> None:
        password = getpass.getpass("Password: ")
        try:
            validate_password(password, User(email=email, name=name))
            add_first_secretariat(email, name=name, password=password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except RefusedError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{name} works for the secretariat, and may sign in.")
