"""The rows of who and when."""

from workgroups.models.agencies import Agency, AgencyName, Membership, MembershipCount
from workgroups.models.chair import ChairTerm
from workgroups.models.groups import GroupMember, GroupRole, WorkingGroup
from workgroups.models.liaison import LiaisonOrganisation
from workgroups.models.meetings import AgendaItem, Attendance, Meeting, MeetingDay
from workgroups.models.people import Mandate, User
from workgroups.models.seats import SeatConfirmation

__all__ = [
    "Agency",
    "AgencyName",
    "AgendaItem",
    "Attendance",
    "ChairTerm",
    "GroupMember",
    "GroupRole",
    "LiaisonOrganisation",
    "Mandate",
    "Meeting",
    "MeetingDay",
    "Membership",
    "MembershipCount",
    "SeatConfirmation",
    "User",
    "WorkingGroup",
]
