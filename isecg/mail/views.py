"""The mailbox page: what the demo sends, to be read without a mail server."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from isecg.mail import messages
from isecg.mail.forms import MailboxForm
from isecg.mail.models import Letter
from isecg.visibility import SignedIn

LETTERS_PER_PAGE = 50


def _require_mailbox() -> None:
    # Letters are private mail: outside the demo there is no such page for anyone.
    if not settings.MAILBOX_PAGE:
        raise Http404


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """List the letters of everyone or of one recipient, latest first."""
    _require_mailbox()
    form = MailboxForm(request.GET)
    seen = Letter.objects.visible_to(SignedIn.of(request.user))
    letters = seen.select_related("recipient").order_by("-due_at", "-pk")
    if not form.is_valid():
        letters = letters.none()
    elif recipient := form.cleaned_data["recipient"]:
        letters = letters.filter(recipient=recipient)
    page = Paginator(letters, LETTERS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page}
    return render(request, "mail/mailbox.html", context)


@require_safe
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one letter as it goes or went, with its state and its tries."""
    _require_mailbox()
    seen = Letter.objects.visible_to(SignedIn.of(request.user))
    letters = seen.select_related("recipient")
    found = get_object_or_404(letters, pk=pk)
    message = messages.build(found)
    context = {
        "letter": found,
        "headers": _headers(message),
        "body": message.body,
        "trail": [("Mailbox", reverse("mailbox")), (found.subject, "")],
    }
    return render(request, "mail/letter.html", context)


def _headers(message: EmailMultiAlternatives) -> list[tuple[str, str]]:
    return [
        ("From", message.from_email),
        ("To", ", ".join(message.to)),
        ("Subject", message.subject),
        *message.extra_headers.items(),
    ]
