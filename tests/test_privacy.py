"""docs/privacy.md says of every column that refers to a person what becomes of it."""

import fnmatch
import re

from django.apps import apps
from django.conf import settings

from workgroups.models import User

_NAME = re.compile(r"`([\w*]+(?:\.\w+){1,2})`")


def documented():
    """Return the columns that stand in the first cell of a line of the table."""
    page = (settings.BASE_DIR / "docs" / "privacy.md").read_text()
    cells = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in _NAME.findall(cell)}


def columns():
    """Return every column of every table; of a history also under the name of its model."""
    found = {}
    for model in apps.get_models():
        for field in [*model._meta.concrete_fields, *model._meta.many_to_many]:
            found[f"{model._meta.label}.{field.name}"] = field
    return found


def of_whom(name):
    """Return the names under which the page may speak of a column."""
    app, model, column = name.split(".")
    names = {name, f"{app}.{model.removeprefix('Historical')}.{column}"}
    if model.startswith("Historical"):
        names |= {f"Historical*.{column}"} if column.startswith("history_") else set()
    return names


def test_every_column_that_refers_to_a_person_is_on_the_page():
    known = documented()
    referring = {name for name, field in columns().items() if field.related_model is User}

    assert {"mail.Letter.recipient", "products.HistoricalProductEditor.person"} <= referring
    assert {name for name in referring if not of_whom(name) & known} == set()


def test_every_column_of_an_account_is_on_the_page():
    known = documented()
    own = {name for name in columns() if name.startswith("workgroups.User.")}

    assert own - known == {"workgroups.User.id"}


def test_the_page_names_only_columns_that_there_are():
    there = set(columns())
    short = {name.split(".", 1)[1] for name in there}

    assert [
        name
        for name in sorted(documented())
        if name not in there and not fnmatch.filter(short, name)
    ] == []
