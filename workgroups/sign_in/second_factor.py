"""Whose account needs a second factor, and what happens until it has one."""

from collections.abc import Callable
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from isecg import clock
from workgroups.models import ChairTerm, Mandate, User
from workgroups.roles import SPEAKING

# Recovery codes come with a factor, and are none by themselves.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

# Where somebody whose account lacks one may still go: to get one, to leave, to be confirmed.
OPEN_BEFORE = frozenset(
    {
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "healthz",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_generate_recovery_codes",
        "mfa_index",
        "mfa_list_webauthn",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_view_recovery_codes",
        "readyz",
    }
)


def is_missing(user: User) -> bool:
    """Whether the account needs a second factor by ``ISECG_SECOND_FACTOR`` and has none.

    One query, and none where nobody needs one.
    """
    wanted = set(settings.ISECG_SECOND_FACTOR)
    if not wanted:
        return False
    own = Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)
    lacking = User.objects.filter(~Exists(own), _needs(wanted), pk=user.pk)
    return lacking.exists()


def _needs(wanted: set[str]) -> Q:
    """Return the condition on an account that holds one of the roles ``wanted``."""
    at = clock.now()
    speaking = Mandate.objects.valid_at(at).filter(
        person=OuterRef("pk"), capacity__in=wanted & set(SPEAKING)
    )
    needs = Q(Exists(speaking))
    if "chair" in wanted:
        terms = ChairTerm.objects.in_office_at(at).filter(person=OuterRef("pk"))
        needs |= Q(Exists(terms))
    if "secretariat" in wanted:
        needs |= Q(is_secretariat=True)
    if "superuser" in wanted:
        needs |= Q(is_superuser=True)
    return needs


def was_shown(request: HttpRequest) -> bool:
    """Whether a second factor was shown in this session."""
    records = get_authentication_records(request, request.user)
    return any(record["method"] == "mfa" for record in records)


class SecondFactorMiddleware:
    """Lead whoever lacks a second factor that their role needs to where they get one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        name = request.resolver_match.url_name if request.resolver_match else None
        if name in OPEN_BEFORE or not getattr(view_func, "login_required", True):
            return None
        if not request.user.is_authenticated or was_shown(request) or not is_missing(request.user):
            return None
        messages.warning(request, "Your role needs a second factor: choose one to go on.")
        return redirect("mfa_index")
