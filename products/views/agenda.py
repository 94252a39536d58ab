"""Naming the product that an agenda item is about (rule 39)."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from products.forms.agenda import AgendaLinkForm
from products.models import AgendaLink
from products.services import workplan
from workgroups.models import AgendaItem
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest, answer, form_page, typed


@form_page
def agenda_link(request: AuthedRequest, pk: int) -> HttpResponse:
    """Name, change or take away the product of one agenda item."""
    standing = Standing.of(request.user)
    standing.require(Ability.KEEP_MEETINGS)
    items = AgendaItem.objects.visible_to(standing).select_related("meeting")
    item = get_object_or_404(items, pk=pk)
    link = (
        AgendaLink.objects.visible_to(standing).filter(item=item).select_related("version").first()
    )
    initial = (
        {"product": link.product_id, "number": link.version.number if link.version else None}
        if link
        else {}
    )
    return answer(
        request,
        AgendaLinkForm(typed(request), initial=initial),
        act=lambda **given: workplan.link_agenda_item(item, **given, by=request.user),
        done="The agenda says what is to be read.",
        to=item.meeting,
        title=f"Name the product of “{item.title}”",
        button="Save",
        trail=[
            ("Meetings", reverse("meetings")),
            (item.meeting.title, item.meeting.get_absolute_url()),
        ],
    )
