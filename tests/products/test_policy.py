"""The page that prints who may do what, from the tables that decide it."""

import re
from html import unescape

import pytest

from products.workflow import TRANSITIONS, Action
from tests.factories import UserFactory
from workgroups import roles
from workgroups.roles import GRANTS, ROLE_TEXTS, Ability, Role

pytestmark = pytest.mark.django_db

COLUMNS = [
    "The secretariat",
    "The chair",
    "The group's co-chairs",
    "The product's editors",
    "An agency's head of delegation",
    "An agency's head of delegation or alternate",
    "People of member agencies",
    "A superuser",
    "Contacts of liaison organisations",
]


@pytest.fixture
def tables(client):
    """Return a function that reads the page's tables, as rows of texts."""
    client.force_login(UserFactory())

    def read():
        html = client.get("/policy/").content.decode()
        return [
            [
                [plain(cell) for cell in re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
                for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
            ]
            for table in re.findall(r"<table\b.*?</table>", html, re.DOTALL)
        ]

    return read


def plain(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_the_page_says_of_every_role_what_it_is_and_how_it_is_held(client):
    client.force_login(UserFactory())

    html = client.get("/policy/").content.decode()

    cards = re.findall(r'<section class="card">(.*?)</section>', html, re.DOTALL)
    assert [plain(card) for card in cards] == [
        f"{words} {ROLE_TEXTS[role].what} Held: {ROLE_TEXTS[role].held_by}"
        for words, role in zip(COLUMNS, Role, strict=True)
    ]


def test_the_page_prints_every_ability_under_every_role(tables):
    powers, _ = tables()

    assert powers[0] == ["", *COLUMNS]
    assert [row[0].lower() for row in powers[1:]] == [ability.value for ability in Ability]
    by_ability = {row[0]: row[1:] for row in powers}
    no = "– nothing"
    assert by_ability["Declare an outcome"] == ["May", "May", *[no] * 7]
    assert by_ability["Write a version"] == ["May", no, "May", "May", *[no] * 5]
    assert by_ability["Take an agency's position"] == [*[no] * 5, "May", no, no, no]
    assert by_ability["Read every draft"] == ["May", *[no] * 5, "May", no, no]
    assert by_ability["Keep the accounts"] == ["May", *[no] * 6, "May", no]
    assert by_ability["Send a statement of a liaison organisation"] == ["May", *[no] * 7, "May"]
    named = by_ability["Name the alternates and staff of an agency"]
    assert named == ["May", *[no] * 3, "May", *[no] * 4]


def test_a_changed_grant_changes_the_page(tables, monkeypatch):
    before = tables()

    monkeypatch.setitem(GRANTS, Ability.RELEASE, frozenset({Role.CHAIR}))
    after = tables()

    row = [row[0] for row in before[0]].index("Release a product")
    assert before[0][row][1:3] == ["May", "– nothing"]
    assert after[0][row][1:3] == ["– nothing", "May"]
    move = [row[0] for row in before[1]].index("Release")
    assert (before[1][move][3], after[1][move][3]) == ("The secretariat", "The chair")


def test_the_page_prints_the_life_of_a_product(tables):
    _, moves = tables()

    assert [row[0] for row in moves[1:]] == [action.label for action in TRANSITIONS]
    assert moves[1 + list(TRANSITIONS).index(Action.REVISE)] == [
        "Revise the text",
        "Shared In consensus Agreed",
        "Drafting",
        "The secretariat, the group's co-chairs or the product's editors",
    ]


def test_every_role_and_ability_is_in_the_tables():
    assert set(roles.GRANTS) == set(Ability)
    assert set(ROLE_TEXTS) == set(Role)


def test_the_foot_of_every_page_leads_there_for_who_is_signed_in(client):
    link = '<a href="/policy/">Who may do what</a>'
    signed_out = client.get("/sign-in/").content.decode()

    client.force_login(UserFactory())
    signed_in = client.get("/chair/").content.decode()

    assert (link in signed_out, link in signed_in) == (False, True)
