"""The providers of identities: the page, and the forms that keep them."""

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from workgroups import identity_providers as providers
from workgroups import permissions
from workgroups.forms.identity_providers import ProviderEditForm, ProviderForm
from workgroups.models import IdentityProvider
from workgroups.roles import Ability
from workgroups.services import identity_providers as services
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, Trail, answer, form_page, typed


def _trail() -> Trail:
    return [("People", reverse("people")), ("Identity providers", reverse("identity_providers"))]


@require_safe
def identity_providers(request: AuthedRequest) -> HttpResponse:
    """List through whom people may sign in, those of the environment too."""
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    context = {
        "kept": IdentityProvider.objects.visible_to(standing).select_related("agency"),
        "configured": providers.from_environment(),
        "actions": [("Enter a provider", reverse("identity_provider_new"))],
        "trail": [*_trail()[:-1], ("Identity providers", "")],
    }
    return render(request, "workgroups/people/identity_providers.html", context)


@form_page
@binding
def identity_provider_new(request: AuthedRequest) -> HttpResponse:
    permissions.require(request.user, Ability.KEEP_ROSTER)
    return answer(
        request,
        ProviderForm(typed(request)),
        act=partial(services.add_provider, by=request.user),
        done="The provider was entered: its button is on the sign-in page.",
        to="identity_providers",
        title="Enter an identity provider",
        button="Enter the provider",
        trail=_trail(),
        lede="People with an account sign in through it, if it has verified their address and "
        "the address is of a domain named here. It opens no account.",
    )


@form_page
@binding
def identity_provider_edit(request: AuthedRequest, key: str) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    found = get_object_or_404(IdentityProvider.objects.visible_to(standing), key=key)
    leads_back = request.build_absolute_uri(reverse("openid_connect_callback", args=[key]))
    return answer(
        request,
        ProviderEditForm(typed(request), row=found),
        act=partial(services.edit_provider, found, by=request.user),
        done="The provider was changed.",
        to="identity_providers",
        title=f"Edit {found.name}",
        button="Save the changes",
        trail=_trail(),
        lede=f"The provider leads people back to {leads_back}.",
    )
