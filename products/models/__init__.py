"""The rows of what the groups make and how it is agreed."""

from products.models.calls import Call, CarryOver, Elector, PositionEntry
from products.models.circulations import Circulation, CirculationRecipient
from products.models.comments import Comment, CommentPlace
from products.models.decisions import Decision
from products.models.drafts import Draft
from products.models.interventions import CallRequest, Intervention
from products.models.ledger import LedgerItem
from products.models.liaison import LiaisonSending, LiaisonStatement
from products.models.products import Milestone, Participation, Product, ProductEditor, Relation
from products.models.public_comments import CommentWindow, PublicComment
from products.models.releases import Release, ReleaseParticipant
from products.models.versions import Version, VersionFile
from products.models.workplan import AgendaLink, WorkplanAgency, WorkplanItem

__all__ = [
    "AgendaLink",
    "Call",
    "CallRequest",
    "CarryOver",
    "Circulation",
    "CirculationRecipient",
    "Comment",
    "CommentPlace",
    "CommentWindow",
    "Decision",
    "Draft",
    "Elector",
    "Intervention",
    "LedgerItem",
    "LiaisonSending",
    "LiaisonStatement",
    "Milestone",
    "Participation",
    "PositionEntry",
    "Product",
    "ProductEditor",
    "PublicComment",
    "Relation",
    "Release",
    "ReleaseParticipant",
    "Version",
    "VersionFile",
    "WorkplanAgency",
    "WorkplanItem",
]
