"""The addresses of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from isecg import health, specimen

handler400 = "isecg.errors.bad_request"
handler403 = "isecg.errors.forbidden"
handler404 = "isecg.errors.not_found"
handler429 = "isecg.errors.too_many"
handler500 = "isecg.errors.server_error"

urlpatterns = [
    # Django's page would save an account without a reason, which the database refuses.
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("specimen/", specimen.specimen, name="specimen"),
    path("", include("isecg.mail.urls")),
    path("", include("workgroups.urls")),
    path("", include("products.urls")),
]
