"""Letters in the admin: a window, not a door."""

from django.contrib import admin

from isecg.admin import ReadOnlyAdmin
from isecg.mail.models import Letter


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    """The deliveries and their errors, to be read.

    Never the texts: one that has not gone may hold a link that opens an account.
    """

    exclude = ["text", "html", "attachments"]
    list_display = ["subject", "recipient", "kind", "state", "due_at", "sent_at"]
    list_filter = ["state", "kind"]
    list_select_related = ["recipient"]
    search_fields = ["subject", "address", "about"]
    date_hierarchy = "due_at"
