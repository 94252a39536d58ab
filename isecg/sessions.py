"""Sessions that end: so long after the sign-in, and so long after the last request.

Set as ``SESSION_ENGINE``, so whatever asks for the session or the person finds the same
end. What has ended is no row any more, for it expires in the database.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session

from isecg import clock

SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
# Written at every request, sessions would cost each page a write; so one is written again
# when this part of its idle time has gone: every five minutes of two hours.
REFRESHED_PER_IDLE = 24


class SessionStore(db.SessionStore):
    """A session in the database with an absolute and an idle end.

    ``ended`` says that the browser came with a session that is no more: run out, ended
    elsewhere, or ended by a change of password or role.
    """

    ended = False

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return Django's own table; its backend would look for the model beside ours."""
        return Session

    def load(self) -> dict[str, Any]:
        """Read the session; one that was long unseen is to be written again."""
        came_with = self.session_key
        data: dict[str, Any] = super().load()
        self.ended = came_with is not None and self.session_key is None
        if SESSION_KEY in data:
            unseen = clock.now().timestamp() - data.get(SEEN_AT, 0)
            if unseen >= settings.ISECG_SESSION_IDLE_MINUTES * 60 / REFRESHED_PER_IDLE:
                self.modified = True
        return data

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Write the session, and when its person signed in and was seen last."""
        # A new one has nothing to load, and may not even have been written to.
        data = getattr(self, "_session_cache", {}) if must_create else self._session  # type: ignore[attr-defined]
        if SESSION_KEY in data:
            now = clock.now().timestamp()
            data.setdefault(SIGNED_IN_AT, now)
            data[SEEN_AT] = now
        super().save(must_create)

    def flush(self) -> None:
        """End the session."""
        super().flush()
        self.ended = True

    def get_expiry_age(self, **given: Any) -> int:
        """Return the seconds that are left: of what was asked for, idle and absolute."""
        age: int = super().get_expiry_age(**given)
        if SESSION_KEY not in self:
            return age
        now = clock.now().timestamp()
        absolute = int(self.get(SIGNED_IN_AT, now) + settings.SESSION_COOKIE_AGE - now)
        idle: int = settings.ISECG_SESSION_IDLE_MINUTES * 60
        return max(0, min(age, idle, absolute))

    def get_expiry_date(self, **given: Any) -> datetime:
        """Return the instant at which the row counts as gone."""
        return clock.now() + timedelta(seconds=self.get_expiry_age(**given))
