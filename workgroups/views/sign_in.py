"""Signing in and out, by Django's own views."""

from typing import Any

from django.conf import settings
from django.contrib.auth import views
from django.utils.module_loading import import_string

from workgroups.forms.people import SignInForm


class SignIn(views.LoginView):
    """The sign-in page; in the demo it names the people whom a visitor can be."""

    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the sign-ins of the demo story, where the site is a demo."""
        if settings.DEMO:
            kwargs["demo_sign_ins"] = import_string(f"{settings.DEMO_PEOPLE}.SIGN_INS")
            kwargs["demo_password"] = import_string(f"{settings.DEMO_PEOPLE}.PASSWORD")
        return super().get_context_data(**kwargs)


sign_in = SignIn.as_view()
sign_out = views.LogoutView.as_view()
