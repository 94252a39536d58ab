"""The page on which a version is written: the draft, its preview, and the version it becomes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from isecg import instants
from products import permissions, rendering
from products.forms.versions import DraftForm, How, VersionForm
from products.models import Draft, Product, Version
from products.models.versions import TextFormat
from products.services import carry_overs, drafts, versions
from products.services.drafts import DraftConflictError
from products.services.errors import ProductError
from products.views.product_page import get_product, way_to
from products.workflow import WRITABLE
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest, form_page


@dataclass(frozen=True)
class _Desk:
    """One product and the person who writes it: what they find on the page now."""

    request: AuthedRequest
    product: Product
    standing: Standing

    @classmethod
    def of(cls, request: AuthedRequest, code: str) -> "_Desk":
        standing = Standing.of(request.user)
        return cls(request, get_product(standing, code), standing)

    def require(self) -> None:
        """Refuse whoever may not write.

        :raises PermissionDenied: naming who may.
        """
        permissions.require(self.standing, Ability.WRITE_VERSION, self.product)

    @cached_property
    def draft(self) -> Draft | None:
        rows = Draft.objects.visible_to(self.standing).filter(product=self.product)
        return rows.select_related("based_on").defer("based_on__text").first()

    @cached_property
    def latest(self) -> Version | None:
        return self.product.versions.order_by("-number").first()

    @property
    def latest_number(self) -> int:
        return self.latest.number if self.latest else 0

    @property
    def file_name(self) -> str:
        return f"{self.product.code}-v{self.latest_number + 1}.md"

    def closed(self) -> str:
        """Say why nothing can be written here, or nothing where it can.

        :raises PermissionDenied: for somebody who may not write and has nothing written.
        """
        try:
            self.require()
        except PermissionDenied:
            if self.draft is None:
                raise
            return f"You do not write {self.product} any more."
        if self.product.state not in WRITABLE:
            state = self.product.get_state_display()
            return f"{self.product} is “{state}”: its text does not change any more."
        return ""

    def fresh(self) -> VersionForm:
        """Return the form with the draft in it, or else with the latest text."""
        draft, latest = self.draft, self.latest
        if draft:
            initial: dict[str, Any] = {
                "how": How.WRITE,
                "text": draft.text,
                "note": draft.note,
                "change_class": draft.change_class,
                "expected_latest": draft.based_on.number if draft.based_on else None,
                "revision": draft.revision,
            }
        else:
            # A plain text was taken from a file, and the next one will come as a file too.
            by_file = latest and not (latest.text and latest.text_format == TextFormat.MARKDOWN)
            initial = {
                "how": How.UPLOAD if by_file else How.WRITE,
                "text": latest.text if latest else "",
                "expected_latest": latest.number if latest else None,
                "revision": 0,
            }
        return VersionForm(initial=initial, file_name=self.file_name)

    def typed(self, kind: type[VersionForm]) -> Any:
        """Return what was sent, as a form of this kind."""
        return kind(self.request.POST, self.request.FILES or None, file_name=self.file_name)

    def newer(self, form: VersionForm) -> dict[str, Any] | None:
        """Return what came in since the text was begun, for ``_newer.html``."""
        base = str(form["expected_latest"].value() or 0)
        if not base.isdecimal():
            base = "0"
        if self.latest is None or base == str(self.latest.number):
            return None
        return {"product": self.product, "latest": self.latest, "base": base}

    def refuse(self, form: VersionForm, error: ProductError) -> dict[str, Any]:
        """Put a refusal into ``form``; return what the page offers to do about it."""
        form.add_error(None, str(error))
        offered = {"newer": self.newer(form), "conflict": self.conflict(error)}
        if offered["newer"]:
            # Looked at, what was written against an older version can be sent knowingly.
            data = cast(Any, form.data).copy()
            data["expected_latest"] = str(self.latest_number)
            form.data = data
        return offered

    def conflict(self, error: ProductError) -> dict[str, Any] | None:
        """Return the draft that stands in the way, for ``_conflict.html``."""
        if not isinstance(error, DraftConflictError):
            return None
        return {
            "found": error.found,
            "over": error.found.revision if error.found else 0,
            "product": self.product,
            "zone": self.request.user.time_zone,
        }

    def show(self, form: VersionForm, *, status: int = 200, **also: Any) -> HttpResponse:
        """Show the page with ``form`` in it."""
        context = {
            "product": self.product,
            "form": form,
            "latest": self.latest,
            "draft": self.draft,
            "newer": self.newer(form),
            "effects": carry_overs.foresee(
                self.product, version=self.latest_number, at=self.standing.at
            ),
            "trail": way_to(self.product, ("New version", "")),
            **also,
        }
        template = "products/versions/version_new.html"
        return render(self.request, template, context, status=status)


@form_page
def version_new(request: AuthedRequest, code: str) -> HttpResponse:
    """Take a version, or say beside its field what is wrong with it and keep what was typed."""
    desk = _Desk.of(request, code)
    if request.method != "POST":
        return desk.show(desk.fresh(), closed=desk.closed())
    desk.require()
    form, offered = desk.typed(VersionForm), {}
    if form.is_valid():
        try:
            made = versions.submit_version(desk.product, **form.cleaned_data, by=request.user)
        except ProductError as error:
            offered = desk.refuse(form, error)
        else:
            messages.success(request, f"Version {made.number} is kept.")
            if notice := form.cleaned_data["main"].notice:
                messages.info(request, notice)
            return redirect(desk.product)
    return desk.show(form, status=422, **offered)


@require_POST
def draft(request: AuthedRequest, code: str) -> HttpResponse:
    """Keep what is written so far; a script is answered in JSON, everybody else by the page."""
    desk = _Desk.of(request, code)
    desk.require()
    form, offered = desk.typed(DraftForm), {}
    if form.is_valid():
        try:
            kept = drafts.save_draft(desk.product, **form.cleaned_data, by=request.user)
        except ProductError as error:
            offered = desk.refuse(form, error)
        else:
            said = _saved(kept, request.user.time_zone)
            if not _is_script(request):
                messages.success(request, said)
                return redirect("version_new", desk.product.code)
            newer = _part("_newer.html", desk.newer(form))
            return JsonResponse({"said": said, "revision": kept.revision, "newer": newer})
    if _is_script(request):
        conflict = _part("_conflict.html", offered.get("conflict"))
        return JsonResponse({"refused": _words(form), "conflict": conflict}, status=422)
    return desk.show(form, status=422, **offered)


@require_POST
def draft_preview(request: AuthedRequest, code: str) -> HttpResponse:
    """Show what is written as its version will look; nothing is kept."""
    desk = _Desk.of(request, code)
    desk.require()
    form = desk.typed(DraftForm)
    found = form.is_valid()
    preview = _preview(form.cleaned_data["text"]) if found else None
    if not _is_script(request):
        return desk.show(form, preview=preview, status=200 if found else 422)
    if not found:
        return JsonResponse({"refused": _words(form)}, status=422)
    return JsonResponse({"html": _part("_preview.html", preview)})


@require_POST
def draft_throw_away(request: AuthedRequest, code: str) -> HttpResponse:
    """Delete one's own draft, also where one does not write any more."""
    desk = _Desk.of(request, code)
    form = DraftForm(request.POST, file_name=desk.file_name)
    revision = form.cleaned_data["revision"] if form.is_valid() else 0
    try:
        drafts.throw_away(desk.product, revision=revision, by=request.user)
    except DraftConflictError as error:
        messages.error(request, f"{error} Look at it before you throw it away.")
        return redirect("version_new", desk.product.code)
    except ProductError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The draft is thrown away.")
    return redirect(desk.product)


def _is_script(request: AuthedRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _part(name: str, context: dict[str, Any] | None) -> str:
    return render_to_string(f"products/versions/{name}", context) if context else ""


def _words(form: VersionForm) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


def _preview(text: str) -> dict[str, Any]:
    found = rendering.paragraphs(text)
    # The marks of Markdown are no words.
    words = (word for part in found for word in part.words.split() if any(map(str.isalnum, word)))
    return {"paragraphs": found, "words": sum(1 for _ in words)}


def _saved(kept: Draft, zone: str) -> str:
    """Return when a draft was saved, in UTC and as the clocks of its author show it."""
    local = instants.to_zone(kept.saved_at, zone)
    also = "" if zone == "UTC" else f" ({local:%H:%M:%S} {instants.zone_name(local)})"
    return f"Saved at {instants.to_zone(kept.saved_at, 'UTC'):%H:%M:%S} UTC{also}."
