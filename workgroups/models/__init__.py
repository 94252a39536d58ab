"""The rows of who and when."""

from workgroups.models.agencies import Agency, AgencyName, Membership, MembershipCount
from workgroups.models.chair import ChairTerm
from workgroups.models.groups import GroupMember, GroupRole, WorkingGroup
from workgroups.models.liaison import LiaisonOrganisation
from workgroups.models.meetings import AgendaItem, Attendance, Meeting, MeetingDay
from workgroups.models.people import Mandate, User

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
    "User",
    "WorkingGroup",
]
