"""What django-allauth asks us: who gets in, how a password is kept, how a letter goes."""

from typing import TYPE_CHECKING, Any, NoReturn

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal.flows.login import record_authentication
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode

from isecg import sealed
from isecg.mail import outbox
from workgroups import identity_providers
from workgroups.models import User
from workgroups.services import identity_providers as linking
from workgroups.services import people
from workgroups.sign_in import letters, openid, recency

if TYPE_CHECKING:
    import requests
    from django.contrib.auth.base_user import AbstractBaseUser

NOT_LET_IN = (
    "No account opens with this address and password. The address may be in any case; "
    "the password may not. If you should have an account, ask the secretariat."
)
NOT_CONFIRMED = "The provider did not confirm who you are. Try again, or sign in here."
WAYS = {
    "reauthenticate": "Your password",
    "mfa_reauthenticate": "A code from your app, or a recovery code",
    "mfa_reauthenticate:webauthn": "A passkey",
}
# Their letters hold a link that opens something.
SECRET_LETTERS = frozenset({"account/email/password_reset_key"})


class AccountAdapter(DefaultAccountAdapter):
    """Accounts by invitation alone; every letter goes through the outbox."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": NOT_LET_IN,
        "incorrect_password": "This is not your present password.",
        "enter_current_password": "This is not your present password.",
        "too_many_login_attempts": "Too many tries did not succeed. Try again in a few minutes.",
        "rate_limited": "Too many tries. Try again in a few minutes.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody opens an account for themselves."""
        return False

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Whether the present request comes too long after its sign-in: one rule for all."""
        return not recency.is_recent(context.request)

    def set_password(self, user: "AbstractBaseUser", password: str) -> None:
        """Keep a new password, in the history and the event log."""
        # A request's user is a promise of one; the service wants the row.
        person = User.objects.get(pk=user.pk)
        people.change_password(person, password=password)
        user.password = person.password

    def reauthenticate(self, user: "AbstractBaseUser", password: str) -> bool:
        """Whether this is the person's password; tries are counted as at the sign-in."""
        assert isinstance(user, User)
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def get_reauthentication_methods(self, user: "AbstractBaseUser") -> list[dict[str, str]]:
        """Return how somebody can confirm who they are.

        Whoever has neither a password nor a factor is asked by the provider that knows them.
        """
        methods = [
            {**method, "description": WAYS[method["id"]]}
            for method in super().get_reauthentication_methods(user)
        ]
        if methods or not isinstance(user, User):
            return methods
        linked = set(SocialAccount.objects.filter(user=user).values_list("provider", flat=True))
        return [
            {
                "id": one.key,
                "description": f"Through {one.name}",
                "url": reverse("openid_connect_login", args=[one.key]),
            }
            for one in identity_providers.active()
            if one.key in linked and one.speaks_for(user.email)
        ]

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the address in a letter: of the site as it is known, not as it was asked."""
        path = super().get_reset_password_from_key_url(key)
        return _on_this_site(path)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: "AbstractBaseUser",
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell a person of a change of their account, at the account's own address."""
        assert isinstance(user, User)
        super().send_notification_mail(template_prefix, user, context, email or user.email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put the letter in the outbox instead of sending it while somebody waits."""
        person = User.objects.filter(email__iexact=email).first()
        words = {**context, "email": email, "person": person, "site": settings.SITE_URL}
        subject = render_to_string(f"{template_prefix}_subject.txt", words)
        notice = letters.about_an_account(
            person,
            to=email,
            kind=template_prefix.rpartition("/")[2],
            subject=" ".join(subject.split()),
            text=render_to_string(f"{template_prefix}_message.txt", words),
            is_secret=template_prefix in SECRET_LETTERS,
        )
        outbox.enqueue([notice])


def _on_this_site(address: str) -> str:
    _, _, path = address.partition("//")
    return f"{settings.SITE_URL.rstrip('/')}/{path.partition('/')[2]}"


class MFAAdapter(DefaultMFAAdapter):
    """Second factors: their secrets lie sealed in the database."""

    def encrypt(self, text: str) -> str:
        return sealed.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealed.unseal(encrypted_text)

    def generate_authenticator_name(
        self,
        user: "AbstractBaseUser",
        type: Authenticator.Type,  # noqa: A002 - allauth names it
    ) -> str:
        """Return what a new passkey is called until its owner calls it otherwise."""
        assert isinstance(user, User)
        had = Authenticator.objects.filter(user=user, type=type).count()
        return f"Passkey {had + 1}" if had else "Passkey"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return as what the site asks for a passkey."""
        return {**super().get_public_key_credential_rp_entity(), "name": "ISECG tracker"}


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Sign-in through an agency's own provider of identities, for accounts that exist."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody opens an account for themselves, whoever vouches for them."""
        return False

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Return the providers of the environment and of the secretariat, as allauth wants them."""
        return [
            SocialApp(
                provider="openid_connect",
                provider_id=one.key,
                name=one.name,
                client_id=one.client_id,
                secret=one.secret,
                settings={"server_url": one.server_url, "oauth_pkce_enabled": True},
            )
            for one in identity_providers.active()
            if provider in {None, "openid_connect", one.key} and client_id in {None, one.client_id}
        ]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in only the account whose address the provider has verified and may speak for.

        Asked at every sign-in: a link that was made once ends with a change of the address.
        """
        claims = _take_claims(sociallogin)
        provider = identity_providers.find(sociallogin.account.provider)
        if sociallogin.state.get("process") != AuthProcess.LOGIN or provider is None:
            _refuse(request, "This is no way to sign in.")
        if not openid.is_of_one_person(claims):
            _refuse(request, NOT_CONFIRMED)
        person = _account_vouched_for(request, sociallogin, provider)
        if sociallogin.is_existing and sociallogin.user != person:
            _refuse(request, f"What {provider.name} says of you belongs to another account.")
        if not person.is_active:
            raise ImmediateHttpResponse(redirect("account_inactive"))
        if not sociallogin.is_existing:
            linking.link(person, sociallogin.account)
            sociallogin.user = person
        if request.user == person:
            record_authentication(request, sociallogin)
            raise ImmediateHttpResponse(_go_on(request, sociallogin))

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        """Answer what went wrong at the provider with a page that leads back."""
        if error != AuthError.CANCELLED:  # which has a page of its own
            _refuse(request, NOT_CONFIRMED)

    def get_requests_session(self) -> "requests.Session":
        """Return a session in which a provider's nonsense is an error of the connection."""
        session: requests.Session = super().get_requests_session()
        session.hooks["response"].append(openid.require_sense)
        return session

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> User:
        """Take nothing over: an account has its name already."""
        person: User = sociallogin.user
        return person


def _take_claims(sociallogin: SocialLogin) -> dict[str, Any]:
    """Return what the provider tells of a person, and keep none of it: it is not ours.

    Allauth has written it to the row of a link that exists, before it asked us.
    """
    claims, sociallogin.account.extra_data = sociallogin.account.extra_data, {}
    if sociallogin.is_existing:
        sociallogin.account.save()
    return dict(claims)


def _go_on(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Carry out what waited for a confirmation, or lead back to where it was asked for."""
    # Where allauth looks for what waits; an address of another site it passes over.
    request.GET = QueryDict(urlencode({"next": sociallogin.get_redirect_url(request) or ""}))
    response: HttpResponse | None = resume_request(request)
    return response or redirect("home")


def _account_vouched_for(
    request: HttpRequest, sociallogin: SocialLogin, provider: identity_providers.Provider
) -> User:
    """Return the account of the address that ``provider`` has verified, and may speak for."""
    address = _verified_address(sociallogin)
    if not address:
        _refuse(request, f"{provider.name} did not say that your address is verified.")
    if not provider.speaks_for(address):
        _refuse(request, f"{provider.name} does not speak for the domain of your address.")
    person = User.objects.filter(email__iexact=address).first()
    if person is None:
        _refuse(request, "No account opens with your address. Ask for an invitation.")
    return person


def _verified_address(sociallogin: SocialLogin) -> str:
    for found in sociallogin.email_addresses:
        # Some providers write the words; only the plain truth counts.
        if found.verified is True:
            return str(found.email)
    return ""


def _refuse(request: HttpRequest, reason: str) -> NoReturn:
    context = {"reason": reason}
    raise ImmediateHttpResponse(render(request, "socialaccount/refused.html", context, status=403))
