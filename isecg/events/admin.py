"""The event log in Django's admin: a window, not a door."""

from django.contrib import admin

from isecg.admin import ReadOnlyAdmin
from isecg.events.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["seq", "at", "by", "event", "subject"]
    list_select_related = ["user"]
    list_filter = ["event"]
    search_fields = ["user__name", "subject", "event"]
