"""Products, calls and the Workplan in the admin: a window, not a door."""

from django.contrib import admin

from isecg.admin import ReadOnlyAdmin
from products import models


@admin.register(models.Product)
class ProductAdmin(ReadOnlyAdmin):
    list_display = ["code", "title", "kind", "state", "group"]
    list_filter = ["state", "kind"]
    list_select_related = ["group"]
    search_fields = ["code", "title"]


@admin.register(models.Participation)
class ParticipationAdmin(ReadOnlyAdmin):
    list_display = ["product", "agency", "degree", "joined_at", "left_at"]
    list_select_related = ["product", "agency"]
    search_fields = ["product__code", "agency__code"]


@admin.register(models.ProductEditor)
class ProductEditorAdmin(ReadOnlyAdmin):
    list_display = ["product", "person", "ended_at"]
    list_select_related = ["product", "person"]


@admin.register(models.Relation)
class RelationAdmin(ReadOnlyAdmin):
    list_display = ["product", "kind", "target"]
    list_filter = ["kind"]
    list_select_related = ["product", "target"]


@admin.register(models.Milestone)
class MilestoneAdmin(ReadOnlyAdmin):
    list_display = ["product", "day", "text"]
    list_select_related = ["product"]


@admin.register(models.Version)
class VersionAdmin(ReadOnlyAdmin):
    list_display = ["product", "number", "change_class", "author", "created_at", "sha256"]
    list_filter = ["change_class"]
    list_select_related = ["product", "author"]


@admin.register(models.VersionFile)
class VersionFileAdmin(ReadOnlyAdmin):
    list_display = ["version", "name", "role", "media_type", "size", "sha256"]
    list_select_related = ["version__product"]


@admin.register(models.LiaisonSending)
class LiaisonSendingAdmin(ReadOnlyAdmin):
    list_display = ["version", "organisation", "permission", "sent_at", "sent_by"]
    list_select_related = ["version__product", "organisation", "sent_by"]


@admin.register(models.LiaisonStatement)
class LiaisonStatementAdmin(ReadOnlyAdmin):
    list_display = ["organisation", "version", "given_at", "given_by", "on_behalf"]
    list_select_related = ["version__product", "organisation", "given_by"]


@admin.register(models.Circulation)
class CirculationAdmin(ReadOnlyAdmin):
    list_display = ["version", "opened_at", "closes_at", "share_days"]
    list_select_related = ["version__product"]


@admin.register(models.CirculationRecipient)
class CirculationRecipientAdmin(ReadOnlyAdmin):
    list_display = ["circulation", "code", "agency"]
    list_select_related = ["circulation__version__product", "agency"]


@admin.register(models.Call)
class CallAdmin(ReadOnlyAdmin):
    list_display = ["product", "version", "state", "opened_at", "deadline"]
    list_filter = ["state"]
    list_select_related = ["product", "version__product"]


@admin.register(models.Elector)
class ElectorAdmin(ReadOnlyAdmin):
    list_display = ["call", "code", "agency", "left_at"]
    list_select_related = ["call__version__product", "agency"]


@admin.register(models.PositionEntry)
class PositionEntryAdmin(ReadOnlyAdmin):
    list_display = ["call", "agency", "stand", "given_at", "given_by", "on_behalf"]
    list_filter = ["stand", "on_behalf"]
    list_select_related = ["call__version__product", "agency", "given_by"]


@admin.register(models.Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ["number", "call", "outcome", "declared_at", "declared_by"]
    list_filter = ["outcome", "year"]
    list_select_related = ["call__version__product", "declared_by"]


@admin.register(models.Release)
class ReleaseAdmin(ReadOnlyAdmin):
    list_display = ["product", "version", "day", "released_at"]
    list_select_related = ["product", "version__product"]


@admin.register(models.ReleaseParticipant)
class ReleaseParticipantAdmin(ReadOnlyAdmin):
    list_display = ["release", "code", "name", "agency"]
    list_select_related = ["release__product", "agency"]


@admin.register(models.WorkplanItem)
class WorkplanItemAdmin(ReadOnlyAdmin):
    list_display = ["title", "kind", "status", "group", "lead_agency"]
    list_filter = ["kind", "status"]
    list_select_related = ["group", "lead_agency"]


@admin.register(models.WorkplanAgency)
class WorkplanAgencyAdmin(ReadOnlyAdmin):
    list_display = ["item", "agency", "active"]
    list_select_related = ["item", "agency"]


@admin.register(models.AgendaLink)
class AgendaLinkAdmin(ReadOnlyAdmin):
    list_display = ["item", "product", "version"]
    list_select_related = ["item", "product", "version__product"]
