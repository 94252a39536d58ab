"""Every part of the pages in every state, to look at and for the accessibility tests."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from isecg import clock
from isecg.rules import Finding

BADGES = {
    "States": "proposed drafting shared in_consensus agreed released superseded withdrawn",
    "Positions": "concur reservation condition abstain object none silent tacit late",
    "Outcomes": (
        "consensus consensus_with_reservations provisional dissent no_quorum "
        "insufficient_support silence_broken silence_not_valid overtaken returned recalled"
    ),
    "Calls": "open closed awaited declared",
    "Beside the positions": "more_time propose_amendment concern",
    "Workplan": "planned active on_hold done dropped",
    "Meetings": "scheduled held cancelled",
    "Attendance": "present remote excused absent",
    "Letters": "queued sent failed dropped",
    "Confidence": "high medium low",
    "Changes": "editorial substantive",
    "Degrees": "lead contributing following",
    "Generic": "neutral info ok warn bad",
}


class SpecimenForm(forms.Form):
    """One field of each kind."""

    title = forms.CharField(help_text="As it is printed on the cover.")
    note = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    kind = forms.ChoiceField(choices=[("roadmap", "Roadmap"), ("report", "Annual report")])
    position = forms.ChoiceField(
        choices=[("concur", "Concur"), ("object", "Object")],
        widget=forms.RadioSelect,
        help_text="The last one before the deadline counts.",
    )
    agencies = forms.MultipleChoiceField(
        choices=[("ESA", "ESA"), ("JAXA", "JAXA")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    deadline = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    file = forms.FileField(required=False)
    confirmed = forms.BooleanField(label="I have read the version under call")


def _finding(sentence: str, **said: Any) -> Finding:
    plain = {"satisfied": False, "who": (), "since": None, "overridable": False}
    return Finding(
        **{"rule": "specimen", "basis": "rule 17", "sentence": sentence, **plain, **said}
    )


def _steps(current: int, *, ended: str = "") -> list[dict[str, str]]:
    labels = ["Proposed", "Drafting", "Shared", "In consensus", "Agreed", "Released"]
    steps = [
        {
            "label": label,
            "status": "done" if at < current else "ahead" if at > current or ended else "current",
            "note": "since 6 Mar 2026" if at == current else "",
        }
        for at, label in enumerate(labels)
    ]
    if ended:
        steps = [*steps[:current], {"label": ended, "status": "off", "note": "1 Feb 2026"}]
    return steps


@require_safe
def specimen(request: HttpRequest) -> HttpResponse:
    """Show every part; only in the demo and while developing."""
    if not (settings.DEMO or settings.DEBUG):
        raise Http404
    context = {
        "badges": {title: kinds.split() for title, kinds in BADGES.items()},
        "steps": _steps(3),
        "steps_ended": _steps(2, ended="Withdrawn"),
        "findings": [
            _finding("A version exists, and it was circulated to all 27 agencies.", satisfied=True),
            _finding(
                "JAXA has not taken a position.", since=clock.now() - timedelta(days=6, hours=1)
            ),
            _finding(
                "The text still has “[studied/ analyzed]” in clause 4.2.",
                overridable=True,
                override="The brackets are quoted from the source.",
            ),
        ],
        "columns": ["v1", "v2", "v3"],
        "rows": [
            {
                "header": "ESA",
                "title": "European Space Agency",
                "href": "#",
                "cells": [
                    None,
                    {"label": "Object", "kind": "object"},
                    {"label": "Concur", "kind": "concur"},
                ],
            },
            {
                "header": "JAXA",
                "title": "Japan Aerospace Exploration Agency",
                "href": "",
                "cells": [
                    None,
                    {"label": "Abstain", "kind": "abstain"},
                    {"label": "No response", "kind": "none"},
                ],
            },
        ],
        "instant": datetime(2016, 9, 14, 13, 0, tzinfo=UTC),
        "page": Paginator(range(100), 20).page(2),
        "item": SimpleNamespace(
            source="globalspaceexploration.org/wordpress/?p=302 '4th Meeting of ISECG'",
            other_sources=["docslib.org 1732252 'ISECG Annual Report 2013'"],
            confidence="medium",
            note="The page counts ten agencies and names nine.",
        ),
        # Each form on a page has its own prefix, or their ids would meet.
        "form": SpecimenForm(),
        "act_form": SpecimenForm(prefix="act"),
        "filter_form": SpecimenForm(prefix="filter"),
        "wrong_form": SpecimenForm({"deadline": "yesterday"}, prefix="wrong"),
        "trail": [("Products", "#"), ("Global Exploration Roadmap", "#"), ("Specimen", "")],
    }
    return render(request, "specimen.html", context)
