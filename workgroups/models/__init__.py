"""The rows of who and when."""

from workgroups.models.addresses import AddressChange
from workgroups.models.agencies import Agency, AgencyName, Membership, MembershipCount
from workgroups.models.chair import ChairTerm
from workgroups.models.groups import GroupMember, GroupRole, WorkingGroup
from workgroups.models.identity_providers import IdentityProvider
from workgroups.models.invitations import Invitation
from workgroups.models.liaison import LiaisonContact, LiaisonOrganisation
from workgroups.models.meetings import AgendaItem, Attendance, Meeting, MeetingDay
from workgroups.models.people import Mandate, User
from workgroups.models.seats import SeatConfirmation
from workgroups.models.successions import Succession

__all__ = [
    "AddressChange",
    "Agency",
    "AgencyName",
    "AgendaItem",
    "Attendance",
    "ChairTerm",
    "GroupMember",
    "GroupRole",
    "IdentityProvider",
    "Invitation",
    "LiaisonContact",
    "LiaisonOrganisation",
    "Mandate",
    "Meeting",
    "MeetingDay",
    "Membership",
    "MembershipCount",
    "SeatConfirmation",
    "Succession",
    "User",
    "WorkingGroup",
]
