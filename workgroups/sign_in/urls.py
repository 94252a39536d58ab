"""The addresses of coming in, and of what belongs to one's own account.

The names are allauth's, which looks for them; what is not listed here does not exist:
nobody signs up, and addresses are changed our way.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as providers
from allauth.usersessions import views as sessions
from django.urls import path, re_path

from workgroups.views import sign_in

urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="account_login"),
    path("sign-in/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("sign-in/second-factor/", mfa.authenticate, name="mfa_authenticate"),
    path("sign-in/suspended/", account.account_inactive, name="account_inactive"),
    path("sign-in/cancelled/", providers.login_cancelled, name="socialaccount_login_cancelled"),
    path("sign-in/with/<slug:provider_id>/", sign_in.provider_login, name="openid_connect_login"),
    path(
        "sign-in/with/<slug:provider_id>/back/",
        sign_in.provider_callback,
        name="openid_connect_callback",
    ),
    path("sign-out/", account.logout, name="account_logout"),
    path("password/", account.password_reset, name="account_reset_password"),
    path("password/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/(?P<uidb36>[0-9A-Za-z]{1,13})-(?P<key>[0-9A-Za-z-]{1,80})/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/changed/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("confirm/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("confirm/passkey/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("profile/password/", account.password_change, name="account_change_password"),
    path("profile/password/first/", account.password_set, name="account_set_password"),
    path("profile/sessions/", sessions.list_usersessions, name="usersessions_list"),
    path("profile/second-factor/", mfa.index, name="mfa_index"),
    path("profile/second-factor/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("profile/second-factor/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("profile/second-factor/passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("profile/second-factor/passkeys/new/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path(
        "profile/second-factor/passkeys/<int:pk>/",
        passkeys.edit_webauthn,
        name="mfa_edit_webauthn",
    ),
    path(
        "profile/second-factor/passkeys/<int:pk>/remove/",
        passkeys.remove_webauthn,
        name="mfa_remove_webauthn",
    ),
    path(
        "profile/second-factor/codes/",
        recovery.view_recovery_codes,
        name="mfa_view_recovery_codes",
    ),
    path(
        "profile/second-factor/codes/new/",
        recovery.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
]
