"""Signing in and out, by Django's own views."""

from django.contrib.auth import views

from workgroups.forms.people import SignInForm

# A page asked for by somebody who is signed in leads on; an address is the same in any case.
sign_in = views.LoginView.as_view(
    authentication_form=SignInForm,
    redirect_authenticated_user=True,
)
sign_out = views.LogoutView.as_view()
