"""Pages of the meetings: the list, one meeting, its calendar file, the secretariat's forms."""

from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from isecg import clock, instants, row_history
from workgroups import agenda, attendance, calendar, local_times, permissions, roster
from workgroups.forms.base import ReasonForm
from workgroups.forms.meetings import (
    AgendaItemEditForm,
    AgendaItemForm,
    AttendanceForm,
    MeetingEditForm,
    MeetingFilterForm,
    MeetingForm,
    MoveForm,
)
from workgroups.models import AgendaItem, Attendance, Meeting
from workgroups.models.meetings import Phase
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.sections import sections
from workgroups.services import agenda as agenda_services
from workgroups.services import attendance as attendance_services
from workgroups.services import meetings as services
from workgroups.views.form_pages import AuthedRequest, Trail, answer, form_page, typed

PER_PAGE = 100


def _trail(meeting: Meeting | None = None) -> Trail:
    trail = [("Meetings", reverse("meetings"))]
    return [*trail, (meeting.title, meeting.get_absolute_url())] if meeting else trail


# --- Reading ---------------------------------------------------------------------


@require_safe
def meetings(request: AuthedRequest) -> HttpResponse:
    """List the meetings: those to come, then the past by year, then those without a day."""
    form = MeetingFilterForm(request.GET)
    sought = form.cleaned_data if form.is_valid() else {"q": "", "kind": ""}
    standing = Standing.of(request.user)
    seen = Meeting.objects.visible_to(standing)
    found = seen.select_related("host", "group").prefetch_related("days")
    if sought["kind"]:
        found = found.filter(kind=sought["kind"])
    if sought["q"]:
        found = found.filter(Q(title__icontains=sought["q"]) | Q(place__icontains=sought["q"]))
    page = Paginator(in_order(found, at=clock.now()), PER_PAGE).get_page(request.GET.get("page"))
    parts = [
        {"heading": heading, "rows": [row for _, row in rows]}
        for heading, rows in groupby(page.object_list, key=lambda entry: entry[0])
    ]
    keeps = standing.may(Ability.KEEP_MEETINGS)
    context = {
        "form": form,
        "page": page,
        "parts": parts,
        "filtered": any(sought.values()),
        "actions": [("Add a meeting", reverse("meeting_new"))] if keeps else [],
        "trail": [("Meetings", "")],
    }
    return render(request, "workgroups/meetings/meetings.html", context)


def in_order(found: Any, *, at: datetime) -> list[tuple[str, dict[str, Any]]]:
    """Return (heading, row) in the order of the page."""
    ahead, past, unknown = [], [], []
    for meeting in found:
        phase = meeting.phase(at)
        row = {"meeting": meeting, "phase": phase, "days": days_words(meeting)}
        if not meeting.start:
            unknown.append(("Day not known", row))
        elif not _is_past(meeting, phase, at=at):
            ahead.append((_moment(meeting), row))
        else:
            past.append((_moment(meeting), row))
    ahead.sort(key=lambda entry: entry[0])
    past.sort(key=lambda entry: entry[0], reverse=True)
    return [
        *(("To come", row) for _, row in ahead),
        *((row["meeting"].start[:4], row) for _, row in past),
        *unknown,
    ]


def _moment(meeting: Meeting) -> tuple[str, str, str]:
    at = f"{meeting.starts_at:%H:%M}" if meeting.starts_at else ""
    return meeting.start, at, meeting.key


def _is_past(meeting: Meeting, phase: Phase, *, at: datetime) -> bool:
    if phase == Phase.CANCELLED and meeting.last_day:
        return meeting.last_day < at.date()
    return phase == Phase.HELD


def days_words(meeting: Meeting) -> list[str]:
    """Return the days to be shown one by one, where they are not adjacent."""
    return [row.day.isoformat() for row in meeting.days.all()]


@require_safe
def meeting(request: AuthedRequest, key: str) -> HttpResponse:
    """Show a meeting: when on whose clocks, what about, and who came."""
    now = clock.now()
    standing = Standing.of(request.user, at=now)
    meetings = Meeting.objects.visible_to(standing).select_related("host", "chair", "group")
    found = get_object_or_404(meetings.prefetch_related("days"), key=key)
    keeps = standing.may(Ability.KEEP_MEETINGS)
    phase = found.phase(now)
    seats = roster.of_meeting(found, today=now.date())
    recorded = _recorded(found)
    items = list(found.agenda.select_related("speaker"))
    # What is to be read are drafts: of people of member agencies and the secretariat (rule 14).
    reads = standing.may(Ability.READ_DRAFTS)
    reading = agenda.links(items) if reads else {}
    context = {
        "meeting": found,
        "phase": phase,
        "days": days_words(found),
        "clocks": _clocks(found, seats),
        "points": [{"item": item, "reading": reading.get(item.pk, [])} for item in items],
        "reads": reads,
        "attendance": attendance.summarise(found, recorded=recorded, roster=seats)
        if recorded or found.has_begun(now) or found.attending_count is not None
        else None,
        "columns": ["Attendance"],
        "has_calendar": calendar.can_write(found),
        "offsets": _offsets() if found.starts_at and phase == Phase.SCHEDULED else [],
        "handovers": found.handovers.select_related("agency"),
        "sections": sections("meeting", found, standing),
        "keeps": keeps,
        "actions": _actions(found, phase) if keeps else [],
        "changes": _changes(found) if keeps else [],
        "trail": [*_trail(), (found.title, "")],
    }
    return render(request, "workgroups/meetings/meeting.html", context)


def _recorded(found: Meeting) -> list[Attendance]:
    rows = found.attendance.select_related("agency").prefetch_related("agency__names")
    return list(rows)


def _clocks(found: Meeting, seats: roster.Roster) -> list[local_times.LocalTime]:
    if found.starts_at is None:
        return []
    return local_times.strip(seats.agencies, at=found.starts_at, minutes=found.duration_minutes)


def _offsets() -> list[str]:
    words = []
    for offset in settings.ISECG_REMINDER_OFFSETS:
        hours = int(offset.total_seconds() // 3600)
        count, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
        words.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return words


def _actions(found: Meeting, phase: Phase) -> list[tuple[str, str]]:
    pages = [("Edit", "meeting_edit")]
    if phase in {Phase.HELD, Phase.UNDER_WAY}:
        pages.append(("Correct the time", "meeting_move"))
    elif phase != Phase.CANCELLED:
        pages.append(("Move" if found.starts_at else "Set the time", "meeting_move"))
    if phase != Phase.CANCELLED:
        pages += [("Record attendance", "meeting_attendance"), ("Add to the agenda", "item_new")]
    if phase in {Phase.SCHEDULED, Phase.UNKNOWN}:
        pages.append(("Cancel the meeting", "meeting_cancel"))
    return [(label, reverse(name, args=[found.key])) for label, name in pages]


def _changes(found: Meeting) -> list[row_history.Change]:
    return row_history.of(
        found.history,
        Attendance.history.filter(meeting=found),
        AgendaItem.history.filter(meeting=found),
    )


@require_safe
def meeting_calendar(request: AuthedRequest, key: str) -> HttpResponse:
    """Give the meeting as a calendar file."""
    seen = Meeting.objects.visible_to(Standing.of(request.user))
    found = get_object_or_404(seen.prefetch_related("days"), key=key)
    if not calendar.can_write(found):
        raise Http404
    text = calendar.write(found, method=calendar.PUBLISH, agenda=found.agenda.all())
    return HttpResponse(
        text,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{found.key}.ics"'},
    )


# --- The secretariat's forms -------------------------------------------------------


@form_page
def meeting_new(request: AuthedRequest) -> HttpResponse:
    """Set up a meeting, or put one on record."""
    permissions.require(request.user, Ability.KEEP_MEETINGS)
    return answer(
        request,
        MeetingForm(typed(request), initial={"time_zone": request.user.time_zone}),
        act=partial(services.add_meeting, by=request.user),
        done="The meeting was added.",
        title="Add a meeting",
        button="Add the meeting",
        trail=_trail(),
    )


@form_page
def meeting_edit(request: AuthedRequest, key: str) -> HttpResponse:
    """Correct what is said of a meeting."""
    standing = permissions.require(request.user, Ability.KEEP_MEETINGS)
    seen = Meeting.objects.visible_to(standing)
    found = get_object_or_404(seen, key=key)
    return answer(
        request,
        MeetingEditForm(typed(request), row=found),
        # The form writes what was typed into its own row, which must not be saved.
        act=partial(
            services.edit_meeting,
            seen.get(pk=found.pk),
            by=request.user,
        ),
        done="The meeting was changed.",
        to=found,
        title=f"Edit {found.title}",
        button="Save the changes",
        trail=_trail(found),
        lede="Who was told of it is told of a new place, length or mode.",
    )


@form_page
def meeting_move(request: AuthedRequest, key: str) -> HttpResponse:
    """Give a meeting another start."""
    standing = permissions.require(request.user, Ability.KEEP_MEETINGS)
    found = get_object_or_404(Meeting.objects.visible_to(standing), key=key)
    return answer(
        request,
        MoveForm(typed(request), row=found, initial=_start(found)),
        act=partial(services.move_meeting, found, by=request.user),
        done="The time was set.",
        to=found,
        title=f"Set the time of {found.title}",
        button="Set the time",
        trail=_trail(found),
        lede="Reminders move with it, and who was told of the former time is told.",
    )


def _start(found: Meeting) -> dict[str, Any]:
    if found.starts_at is None:
        return {"day": found.first_day, "time_zone": found.time_zone}
    local = instants.to_zone(found.starts_at, found.time_zone)
    return {"day": local.date(), "time": local.time(), "time_zone": found.time_zone}


@form_page
def meeting_cancel(request: AuthedRequest, key: str) -> HttpResponse:
    """Call a meeting off."""
    standing = permissions.require(request.user, Ability.KEEP_MEETINGS)
    found = get_object_or_404(Meeting.objects.visible_to(standing), key=key)
    return answer(
        request,
        ReasonForm(typed(request)),
        act=partial(services.cancel_meeting, found, by=request.user),
        done="The meeting was cancelled.",
        to=found,
        title=f"Cancel {found.title}",
        button="Cancel the meeting",
        trail=_trail(found),
        lede="No reminder goes any more. Who was told of it gets a letter with the reason.",
    )


@form_page
def meeting_attendance(request: AuthedRequest, key: str) -> HttpResponse:
    """Record how every agency took part."""
    standing = permissions.require(request.user, Ability.KEEP_MEETINGS)
    found = get_object_or_404(Meeting.objects.visible_to(standing), key=key)
    recorded = _recorded(found)
    seats = roster.of_meeting(found, today=clock.now().date())
    agencies = {*seats.agencies, *(row.agency for row in recorded)}
    named = [(agency, attendance.code_on(agency, found.first_day)[0]) for agency in agencies]
    form = AttendanceForm(
        typed(request),
        row=found,
        agencies=sorted(named, key=lambda entry: entry[1]),
        recorded=recorded,
    )
    return answer(
        request,
        form,
        act=partial(attendance_services.record_attendance, found, by=request.user),
        done="The attendance was recorded.",
        to=found,
        title=f"Attendance of {found.title}",
        button="Record the attendance",
        trail=_trail(found),
        lede="Under the codes that were valid on that day.",
    )


@form_page
def item_new(request: AuthedRequest, key: str) -> HttpResponse:
    """Put an item on the agenda."""
    standing = permissions.require(request.user, Ability.KEEP_MEETINGS)
    found = get_object_or_404(Meeting.objects.visible_to(standing), key=key)
    return answer(
        request,
        AgendaItemForm(typed(request)),
        act=partial(agenda_services.add_item, found, by=request.user),
        done="The item was put on the agenda.",
        to=found,
        title="Add to the agenda",
        button="Add the item",
        trail=_trail(found),
    )


def _get_item(standing: Standing, key: str, pk: int) -> AgendaItem:
    items = AgendaItem.objects.visible_to(standing).select_related("meeting", "speaker")
    return get_object_or_404(items, pk=pk, meeting__key=key)


@form_page
def item_edit(request: AuthedRequest, key: str, pk: int) -> HttpResponse:
    """Correct an item of the agenda, or move it."""
    standing = permissions.require(request.user, Ability.KEEP_MEETINGS)
    item = _get_item(standing, key, pk)
    return answer(
        request,
        AgendaItemEditForm(typed(request), row=item),
        act=partial(agenda_services.edit_item, item, by=request.user),
        done="The item was changed.",
        to=item.meeting,
        title=f"Edit “{item.title}”",
        button="Save the changes",
        trail=_trail(item.meeting),
    )


@form_page
def item_remove(request: AuthedRequest, key: str, pk: int) -> HttpResponse:
    """Take an item off the agenda."""
    standing = permissions.require(request.user, Ability.KEEP_MEETINGS)
    item = _get_item(standing, key, pk)
    return answer(
        request,
        ReasonForm(typed(request)),
        act=partial(agenda_services.remove_item, item, by=request.user),
        done="The item was removed.",
        to=item.meeting,
        title=f"Remove “{item.title}”",
        button="Remove the item",
        trail=_trail(item.meeting),
    )
