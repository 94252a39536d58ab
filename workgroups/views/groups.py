"""Pages of the working groups, their agencies and duties."""

from collections.abc import Iterable
from functools import partial

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from isecg import clock, row_history
from workgroups import permissions, seats
from workgroups.forms.base import EndDateForm, EndingForm
from workgroups.forms.groups import GroupEditForm, GroupForm, GroupMemberForm, GroupRoleForm
from workgroups.models import GroupMember, GroupRole, WorkingGroup
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.sections import sections
from workgroups.services import groups as services
from workgroups.views.form_pages import AuthedRequest, Trail, answer, form_page, typed


def _trail(group: WorkingGroup | None = None) -> Trail:
    trail = [("Groups", reverse("groups"))]
    return [*trail, (group.code, group.get_absolute_url())] if group else trail


@require_safe
def groups(request: AuthedRequest) -> HttpResponse:
    """List the groups, those at work first."""
    standing = Standing.of(request.user)
    found = WorkingGroup.objects.visible_to(standing).select_related(
        "lead_agency", "parent", "predecessor"
    )
    present = Count("members", filter=Q(members__end=""))
    # A grouped query drops the order of the model.
    rows = list(found.annotate(member_count=present).order_by("code"))
    keeps = standing.may(Ability.KEEP_ROSTER)
    context = {
        "open_groups": [group for group in rows if not group.end],
        "closed_groups": [group for group in rows if group.end],
        "actions": [("Set up a group", reverse("group_new"))] if keeps else [],
        "trail": [("Groups", "")],
    }
    return render(request, "workgroups/groups/groups.html", context)


@require_safe
def group(request: AuthedRequest, code: str) -> HttpResponse:
    """Show a group: its time, its agencies, who runs it, and where it came from."""
    standing = Standing.of(request.user)
    seen = WorkingGroup.objects.visible_to(standing)
    related = seen.select_related("lead_agency", "parent", "predecessor")
    found = get_object_or_404(related, code=code)
    keeps = standing.may(Ability.KEEP_ROSTER)
    roles: Iterable[GroupRole] = ()
    if seats.sees_seats(standing):
        roles = found.roles.visible_to(standing).select_related("person")
    context = {
        "group": found,
        "members": found.members.select_related("agency"),
        "roles": [
            {"role": role, "ended": role.ends_at is not None and role.ends_at <= standing.at}
            for role in roles
        ],
        "sees_roles": seats.sees_seats(standing),
        "successors": found.successors.all(),
        "sub_teams": found.sub_teams.all(),
        "sections": sections("group", found, standing),
        "keeps": keeps,
        "actions": _actions(found) if keeps else [],
        "changes": _changes(found) if keeps else [],
        "trail": [*_trail(), (found.code, "")],
    }
    return render(request, "workgroups/groups/group.html", context)


def _actions(found: WorkingGroup) -> list[tuple[str, str]]:
    actions = [("Edit", reverse("group_edit", args=[found.code]))]
    if not found.end:
        actions += [
            ("Add an agency", reverse("group_member_add", args=[found.code])),
            ("Give a duty", reverse("group_role_add", args=[found.code])),
            ("Close the group", reverse("group_close", args=[found.code])),
        ]
    return actions


def _changes(found: WorkingGroup) -> list[row_history.Change]:
    return row_history.of(
        found.history,
        GroupMember.history.filter(group=found),
        GroupRole.history.filter(group=found),
    )


@form_page
def group_new(request: AuthedRequest) -> HttpResponse:
    permissions.require(request.user, Ability.KEEP_ROSTER)
    return answer(
        request,
        GroupForm(typed(request)),
        act=partial(services.add_group, by=request.user),
        done="The group was set up.",
        title="Set up a group",
        button="Set up the group",
        trail=_trail(),
    )


@form_page
def group_edit(request: AuthedRequest, code: str) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    found = get_object_or_404(WorkingGroup.objects.visible_to(standing), code=code)
    return answer(
        request,
        GroupEditForm(typed(request), row=found),
        act=partial(services.edit_group, found, by=request.user),
        done="The group was changed.",
        to=found,
        title=f"Edit {found.code}",
        button="Save the changes",
        trail=_trail(found),
    )


@form_page
def group_close(request: AuthedRequest, code: str) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    found = get_object_or_404(WorkingGroup.objects.visible_to(standing), code=code)
    return answer(
        request,
        EndDateForm(typed(request), label="Closed on", today=clock.now().date()),
        act=partial(services.close_group, found, by=request.user),
        done="The group was closed.",
        to=found,
        title=f"Close {found.code}",
        button="Close the group",
        trail=_trail(found),
        lede="A group with open products cannot be closed until they are moved. "
        "The duties in it end now.",
    )


@form_page
def group_member_add(request: AuthedRequest, code: str) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    found = get_object_or_404(WorkingGroup.objects.visible_to(standing), code=code)
    return answer(
        request,
        GroupMemberForm(typed(request)),
        act=partial(services.add_group_member, found, by=request.user),
        done="The agency was added.",
        to=found,
        title=f"Add an agency to {found.code}",
        button="Add the agency",
        trail=_trail(found),
    )


@form_page
def group_member_end(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    members = GroupMember.objects.visible_to(standing).select_related("group", "agency")
    member = get_object_or_404(members, pk=pk, group__code=code)
    return answer(
        request,
        EndDateForm(typed(request), label="Last day", today=clock.now().date()),
        act=partial(services.end_group_member, member, by=request.user),
        done="The end was entered.",
        to=member.group,
        title=f"End {member.agency}'s part in {member.group}",
        button="Enter the end",
        trail=_trail(member.group),
    )


@form_page
def group_role_add(request: AuthedRequest, code: str) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    found = get_object_or_404(WorkingGroup.objects.visible_to(standing), code=code)
    form = GroupRoleForm(
        typed(request), zone=request.user.time_zone, initial={"first_day": clock.now().date()}
    )
    return answer(
        request,
        form,
        act=partial(services.add_group_role, found, by=request.user),
        done="The duty was given.",
        to=found,
        title=f"Give a duty in {found.code}",
        button="Give the duty",
        trail=_trail(found),
        lede="Co-chairs and editors write versions and circulate them.",
    )


@form_page
def group_role_end(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    roles = GroupRole.objects.visible_to(standing).select_related("group", "person")
    role = get_object_or_404(roles, pk=pk, group__code=code)
    return answer(
        request,
        EndingForm(typed(request), zone=request.user.time_zone),
        act=partial(services.end_group_role, role, by=request.user),
        done="The end of the duty was entered.",
        to=role.group,
        title=f"End a duty of {role.person}",
        button="End the duty",
        trail=_trail(role.group),
        lede=f"{role}.",
    )
