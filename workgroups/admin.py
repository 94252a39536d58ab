"""Who and when in Django's admin: a window, not a door."""

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import URLField

from isecg.admin import ReadOnlyAdmin
from workgroups import models

# Django's groups give no rights here: roles come from mandates and duties.
admin.site.unregister(Group)
# Their pages would show secrets, and change what only its owner may.
for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
# Its own sign-in would ask for no second factor and count no tries.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "ISECG tracker: the records"
admin.site.index_title = "A window: nothing is changed here"


@admin.register(models.User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ["name", "email", "is_secretariat", "is_active"]
    list_filter = ["is_secretariat", "is_active"]
    search_fields = ["name", "email"]
    # The digest of a password is for nobody to read.
    exclude = ["password"]


@admin.register(models.Mandate)
class MandateAdmin(ReadOnlyAdmin):
    list_display = ["agency", "person", "capacity", "limited_to", "starts_at", "ends_at"]
    list_filter = ["capacity", "agency"]
    list_select_related = ["agency", "person"]
    search_fields = ["person__name", "agency__code"]


@admin.register(models.Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["email", "invited_as", "agency", "sent_at", "expires_at", "accepted_at"]
    list_select_related = ["agency"]
    exclude = ["token_digest"]


@admin.register(models.IdentityProvider)
class IdentityProviderAdmin(ReadOnlyAdmin):
    list_display = ["name", "agency", "server_url", "is_active"]
    list_select_related = ["agency"]
    # Django warns of the scheme even where nothing can be typed.
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    exclude = ["sealed_secret"]


@admin.register(models.SeatConfirmation)
class SeatConfirmationAdmin(ReadOnlyAdmin):
    list_display = ["agency", "at", "by", "on_behalf"]
    list_filter = ["agency", "on_behalf"]
    list_select_related = ["agency", "by"]


@admin.register(models.Agency)
class AgencyAdmin(ReadOnlyAdmin):
    list_display = ["code", "name", "country", "kind", "confidence"]
    list_filter = ["kind", "confidence"]
    search_fields = ["code", "name", "names__code", "names__name"]


@admin.register(models.AgencyName)
class AgencyNameAdmin(ReadOnlyAdmin):
    list_display = ["agency", "code", "name", "start", "end"]
    list_select_related = ["agency"]
    search_fields = ["code", "name"]


@admin.register(models.Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ["agency", "start", "end", "attested_on"]
    list_select_related = ["agency"]


@admin.register(models.MembershipCount)
class MembershipCountAdmin(ReadOnlyAdmin):
    list_display = ["as_of", "count", "source"]


@admin.register(models.Succession)
class SuccessionAdmin(ReadOnlyAdmin):
    list_display = ["former", "successor", "first_day", "source"]
    list_select_related = ["former", "successor"]


@admin.register(models.WorkingGroup)
class WorkingGroupAdmin(ReadOnlyAdmin):
    list_display = ["code", "name", "kind", "lead_agency", "start", "end"]
    list_filter = ["kind"]
    list_select_related = ["lead_agency"]
    search_fields = ["code", "name"]


@admin.register(models.GroupMember)
class GroupMemberAdmin(ReadOnlyAdmin):
    list_display = ["group", "agency", "start", "end"]
    list_select_related = ["group", "agency"]


@admin.register(models.GroupRole)
class GroupRoleAdmin(ReadOnlyAdmin):
    list_display = ["group", "person", "duty", "starts_at", "ends_at"]
    list_select_related = ["group", "person"]


@admin.register(models.ChairTerm)
class ChairTermAdmin(ReadOnlyAdmin):
    list_display = ["position", "agency", "person", "start", "end", "starts_at", "ends_at"]
    list_select_related = ["agency", "person"]


@admin.register(models.LiaisonOrganisation)
class LiaisonOrganisationAdmin(ReadOnlyAdmin):
    list_display = ["code", "name", "founded"]


@admin.register(models.LiaisonContact)
class LiaisonContactAdmin(ReadOnlyAdmin):
    list_display = ["organisation", "person", "starts_at", "ends_at"]
    list_select_related = ["organisation", "person"]


@admin.register(models.Meeting)
class MeetingAdmin(ReadOnlyAdmin):
    list_display = ["title", "kind", "number", "start", "place", "host", "status"]
    list_filter = ["kind", "status"]
    list_select_related = ["host"]
    search_fields = ["title", "place"]


@admin.register(models.Attendance)
class AttendanceAdmin(ReadOnlyAdmin):
    list_display = ["meeting", "agency", "presence"]
    list_filter = ["presence"]
    list_select_related = ["meeting", "agency"]


@admin.register(models.AgendaItem)
class AgendaItemAdmin(ReadOnlyAdmin):
    list_display = ["meeting", "position", "title", "speaker"]
    list_select_related = ["meeting", "speaker"]
