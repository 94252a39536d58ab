"""The forms of the sign-in, in our words. Their checks are allauth's."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkeys
from django import forms

PASSWORD_HELP = "12 characters or more, and none of the common ones. Any characters will do."  # noqa: S105
CODE_HELP = "From your app, or a recovery code."


def _say(form: forms.Form, name: str, *, label: str, help_text: str = "") -> None:
    """Give a field our words, and none in its place: they would go with the first letter."""
    field = form.fields[name]
    field.label, field.help_text = label, help_text
    field.widget.attrs.pop("placeholder", None)


class SignInForm(account.LoginForm):
    """An address and a password."""

    refused = "You are not signed in."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "login", label="Address")
        _say(self, "password", label="Password")
        self.fields["password"].max_length = 200


class ResetPasswordForm(account.ResetPasswordForm):
    """The address of an account whose password is forgotten."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "email", label="Address")


class _OnceMixin:
    """A new password is typed once: whoever mistypes it can ask for another letter.

    Reading it back is the browser's matter, and most people have it written by a manager.
    """

    fields: dict[str, forms.Field]

    def say_new_password(self) -> None:
        del self.fields["password2"]
        _say(self, "password1", label="New password", help_text=PASSWORD_HELP)  # type: ignore[arg-type]


class NewPasswordForm(_OnceMixin, account.ResetPasswordKeyForm):
    """A new password, chosen by the link in a letter."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.say_new_password()


class ChangePasswordForm(_OnceMixin, account.ChangePasswordForm):
    """A new password, given with the present one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.say_new_password()
        _say(self, "oldpassword", label="Present password")


class ReauthenticateForm(account.ReauthenticateForm):
    """The password again, before an act that binds."""

    refused = "That it is you was not confirmed."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "password", label="Password")


class AuthenticateForm(mfa.AuthenticateForm):
    """The code that follows the password."""

    refused = "You are not signed in."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "code", label="Code", help_text=CODE_HELP)


class CodeForm(mfa.ReauthenticateForm):
    """A code, before an act that binds."""

    refused = "That it is you was not confirmed."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "code", label="Code", help_text=CODE_HELP)


class ActivateTOTPForm(totp.ActivateTOTPForm):
    """The first code of a new app shows that it works."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "code", label="Code that the app shows")


class AddPasskeyForm(passkeys.AddWebAuthnForm):
    """A new passkey, and whether it opens the account without the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "name", label="Name", help_text="Where it lives: telephone, blue key.")
        _say(
            self,
            "passwordless",
            label="Sign in with it alone, without the password",
            help_text="It then asks for your finger, your face or its PIN each time.",
        )
