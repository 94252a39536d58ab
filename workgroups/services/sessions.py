"""The sessions of an account: ended at once, when who they are no longer counts."""

from allauth.usersessions.models import UserSession

from workgroups.models import User


def end_all(person: User) -> None:
    """End every session of ``person``: at the next click they are signed out.

    Inside the act that takes the right to them away.
    """
    for session in UserSession.objects.filter(user=person):
        session.end()
