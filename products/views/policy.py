"""Who may do what, on one page: printed from the tables that decide it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from products.workflow import TRANSITIONS, State
from workgroups.permissions import labels, who_may
from workgroups.roles import GRANTS, ROLE_TEXTS, Ability, Role
from workgroups.views.form_pages import AuthedRequest


@require_safe
def policy(request: AuthedRequest) -> HttpResponse:
    """Print the roles, what each may do, and the life of a product with whose move it is."""
    context = {
        "roles": [
            {"words": words, "text": ROLE_TEXTS[role]}
            for role, words in zip(Role, _role_words(), strict=True)
        ],
        "columns": _role_words(),
        "powers": [_power(ability) for ability in Ability],
        "moves": _moves(),
        "trail": [("Who may do what", "")],
    }
    return render(request, "products/policy/policy.html", context)


def _role_words() -> list[str]:
    return [capfirst(words) for words in labels(f"role:{role.value}" for role in Role)]


def _power(ability: Ability) -> dict[str, Any]:
    return {
        "header": capfirst(ability),
        "cells": [
            {"kind": "ok", "label": "May"} if role in GRANTS[ability] else None for role in Role
        ],
    }


def _moves() -> list[dict[str, Any]]:
    """Return the rows of the life cycle, the states of each in the order of a life."""
    return [
        {
            "action": action.label,
            "sources": [state for state in State if state in step.sources],
            "target": step.target,
            "whose": capfirst(who_may(step.ability)),
        }
        for action, step in TRANSITIONS.items()
    ]
