"""What the events of products and calls are called where people read them."""

_WORDS = {
    "product.start_drafting": "Drafting started",
    "product.circulate": "Circulated to all members",
    "product.take_back": "Taken back to drafting",
    "product.open_call": "Moved into consensus",
    "product.declare": "Moved by the declaration",
    "product.return": "Returned to drafting",
    "product.recall": "The call was recalled",
    "product.call_requested": "The group asked for a call",
    "product.call_request_answered": "A request for a call was answered",
    "product.revise": "Reopened by a substantive version",
    "product.lapse": "Returned to drafting, without participants",
    "product.release": "Released",
    "product.supersede": "Marked as superseded",
    "product.withdraw": "Withdrawn",
    "decision.corrected": "A decision record was corrected",
    "product.joined": "An agency joined",
    "product.left": "An agency left",
    "product.succeeded": "An agency took another's place",
    "call.left": "An agency left the call",
    "call.carried": "The positions were carried to an editorial version",
    "call.contested": "An editorial version was contested",
    "call.succeeded": "An agency took another's place in the call",
    "product.editor_added": "An editor was added",
    "product.editor_ended": "An editor was taken off",
    "product.editor_passed": "An editor handed over",
    "product.related": "A relation was added",
    "product.unrelated": "A relation was struck",
    "product.sent_to_liaison": "Sent to a liaison organisation",
    "comment.submitted": "An agency submitted comments",
    "comment.disposed": "Comments were disposed of",
    "comment.answered": "A disposition was answered",
    "comment.withdrawn": "A comment was withdrawn",
    "comment.checked": "Carried comments were looked at",
    "comment.carried": "Open comments were carried to the version",
    "product.liaison_statement": "A liaison organisation sent a statement",
    "product.public_comment_opened": "The public was asked for comments",
    "product.public_comment_closed": "The window for public comments was closed early",
    "product.public_comment_received": "A public comment came in",
    "product.public_comments_moderated": "Public comments were moderated",
    "product.public_comments_handed_over": "Public comments were handed over",
    "product.public_comment_disposed": "A public comment was answered",
    "product.commenter_erased": "A public commenter was erased",
}


def words(event: str) -> str:
    """Return the name of an event in words: ``"Position taken"``."""
    what, _, done = event.partition(".")
    return _WORDS.get(event, f"{what} {done.replace('_', ' ')}".capitalize())
