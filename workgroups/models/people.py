"""People who sign in, and the mandates by which they hold seats."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth import hashers
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from isecg.history import Tracked, row_history
from isecg.visibility import VisibleQuerySet
from workgroups import visibility
from workgroups.roles import Capacity
from workgroups.visibility import MemberReader
from workgroups.zones import validate_zone


class UserQuerySet(VisibleQuerySet["User"]):
    """People, seen as :func:`workgroups.visibility.people` says."""


class UserManager(BaseUserManager["User"]):
    """Makes accounts; an address is the same whatever its case."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return an address as it is kept: in small letters, where the sign-in looks for it."""
        return super().normalize_email(email).lower()

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, reader: MemberReader) -> UserQuerySet:
        """People that ``reader`` may see."""
        return self.get_queryset().visible_to(reader)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save_as(None, "Account made.")
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(Tracked, AbstractBaseUser, PermissionsMixin):
    """A person who signs in. What they may do comes from mandates and roles alone.

    The secretariat is a person's own role (rule 6); a superuser keeps accounts and
    has no voice.
    """

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    # Django would save it at each sign-in, without a reason; the sessions know.
    last_login = None

    email = models.EmailField(
        "address",
        max_length=254,
        unique=True,
        error_messages={"unique": "Somebody has an account with this address."},
    )
    name = models.CharField(max_length=200)
    time_zone = models.CharField(
        max_length=60,
        default="UTC",
        validators=[validate_zone],
        help_text="Instants are shown to you in this zone, as in Europe/Paris.",
    )
    is_secretariat = models.BooleanField("works for the secretariat", default=False)
    is_active = models.BooleanField("may sign in", default=True)
    is_staff = models.BooleanField("may open the admin's window", default=False)

    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    visible_by = visibility.people()
    objects = UserManager()
    # A digest of a password has no place in a record that is kept for ever.
    history = row_history(excluded_fields=["password"])

    class Meta:
        ordering = ["name", "email"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="user_address_in_small_letters",
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="user_one_per_address",
                violation_error_message="Somebody has an account with this address.",
            ),
            models.CheckConstraint(
                condition=models.Q(erased_at=None) | models.Q(is_active=False),
                name="user_erased_is_closed",
                violation_error_message="This person's data was erased: the account stays closed.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        """The name, as Django's own pages greet with it."""
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what a session must know: with password or role changed it knows it no more.

        So a session that somebody else has planted never gains a role.
        """
        role = f"{self.is_secretariat:d}{self.is_staff:d}{self.is_superuser:d}"
        return salted_hmac(
            "workgroups.models.User.session", f"{role}|{self.password}", secret, algorithm="sha256"
        ).hexdigest()

    def check_password(self, raw_password: str | None) -> bool:
        """Whether the password is right; one kept by an older method is kept anew."""

        def keep_anew(password: str) -> None:
            self.set_password(password)
            self.save_as(None, "The password is kept by a newer method.")

        return hashers.check_password(raw_password, self.password, keep_anew)


class MandateQuerySet(VisibleQuerySet["Mandate"]):
    def valid_at(self, at: datetime) -> "MandateQuerySet":
        """Mandates in force at an instant: from <= at < to, of people who may sign in.

        A superuser keeps accounts and has no voice: a mandate of theirs is never in force.
        """
        return self.filter(
            models.Q(ends_at=None) | models.Q(ends_at__gt=at),
            starts_at__lte=at,
            person__is_active=True,
            person__is_superuser=False,
        )

    def speaking(self) -> "MandateQuerySet":
        """Mandates whose holder may record the agency's position (rule 4)."""
        return self.filter(capacity__in=[Capacity.HEAD, Capacity.ALTERNATE])

    def of_outer_agency(self) -> "MandateQuerySet":
        """Mandates of the agency that an outer query looks at."""
        return self.filter(agency=models.OuterRef("pk"))

    def general(self) -> "MandateQuerySet":
        """Mandates that hold for everything: those alone fill a seat (rules 4 and 5)."""
        return self.filter(limited_to="")

    def covering(self, code: str) -> "MandateQuerySet":
        """Mandates that hold for the product of this code: general ones, and limited to it."""
        return self.filter(limited_to__in=["", code])


class Mandate(Tracked):
    """The grant by which a person holds an agency's seat for a time (rule 4).

    ``limited_to`` is empty where it holds for everything, else the code of the one product
    for which it holds. The code is a key that :mod:`workgroups.limits` puts into words: a
    product's code is its address and never changes, for no form and no service takes one
    for a product that exists.
    """

    agency = models.ForeignKey("workgroups.Agency", models.PROTECT, related_name="mandates")
    person = models.ForeignKey(User, models.PROTECT, related_name="mandates")
    capacity = models.CharField(max_length=10, choices=Capacity)
    limited_to = models.CharField(
        max_length=40, blank=True, help_text="Leave empty for a mandate that holds for everything."
    )
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("to", null=True, blank=True)
    granted_by = models.CharField(
        max_length=200, help_text="Who gave it, as in a letter's signature."
    )
    reference = models.CharField(
        max_length=200, blank=True, help_text="The letter or note that says so."
    )

    visible_by = visibility.mandates
    objects = MandateQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["agency", "capacity", "starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(capacity__in=Capacity.values), name="mandate_capacity_known"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="mandate_ends_after_start",
                violation_error_message="A mandate ends after it starts.",
            ),
        ]

    def __str__(self) -> str:
        only = f", for {self.limited_to} alone" if self.limited_to else ""
        return f"{self.person}, {self.get_capacity_display().lower()} of {self.agency}{only}"

    def covers(self, code: str) -> bool:
        """Whether it holds for the product of this code; without one, for everything."""
        return self.limited_to in {"", code}
