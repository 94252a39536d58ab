"""Addresses of the mailbox page."""

from django.urls import path

from isecg.mail import views

urlpatterns = [
    path("mailbox/", views.mailbox, name="mailbox"),
    path("mailbox/<int:pk>/", views.letter, name="letter"),
]
