"""The sign-in page and the providers that it leads to: allauth's, with our refusals."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import requests
import structlog
from allauth.account import views
from allauth.socialaccount.providers.openid_connect import views as openid
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.module_loading import import_string

from workgroups import identity_providers

log = structlog.get_logger(__name__)


def _leading_to(
    providers: Iterable[identity_providers.Provider], response: HttpResponseBase
) -> HttpResponseBase:
    """Let the forms of a page lead to ``providers``: the browser asks the page's policy."""
    if origins := sorted({provider.origin for provider in providers}):
        response._csp_update = {"form-action": origins}  # type: ignore[attr-defined]
    return response


class SignIn(views.LoginView):
    """An address and a password, a passkey, or an agency's provider of identities."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let the forms of this page lead to the providers."""
        self.providers = identity_providers.active()
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return _leading_to(self.providers, response)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the providers and, where the site is a demo, the sign-ins of its story."""
        if settings.DEMO:
            kwargs["demo_sign_ins"] = import_string(f"{settings.DEMO_PEOPLE}.SIGN_INS")
            kwargs["demo_password"] = import_string(f"{settings.DEMO_PEOPLE}.PASSWORD")
        context: dict[str, Any] = super().get_context_data(providers=self.providers, **kwargs)
        return context


sign_in = login_not_required(SignIn.as_view())


def _answered(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Say so where a provider does not answer, or answers with what is no configuration."""

    @wraps(view)
    def wrapper(request: HttpRequest, provider_id: str) -> HttpResponseBase:
        try:
            leads_to = filter(None, [identity_providers.find(provider_id)])
            return _leading_to(leads_to, view(request, provider_id))
        except (requests.RequestException, KeyError) as error:
            log.warning("sign_in.provider_away", provider=provider_id, error=type(error).__name__)
            reason = "The provider does not answer. Try again later, or sign in another way."
            return render(request, "socialaccount/refused.html", {"reason": reason}, status=403)

    return wrapper


provider_login = login_not_required(_answered(openid.login))
provider_callback = login_not_required(_answered(openid.callback))
