"""The settings of the provider: django-oauth-toolkit, and as little else as it stands on."""

import os
from pathlib import Path

PLACE = Path(os.environ["OPENID_PLACE"])
SECRET_KEY = "only-for-the-provider-of-the-tests"
DEBUG = False
ALLOWED_HOSTS = ["localhost"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "oauth2_provider",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "tests.openid.urls"
WSGI_APPLICATION = "tests.openid.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": PLACE / "provider.sqlite3"}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LOGIN_URL = "login"
# Two sites on one host share their cookies whatever the port: names of its own.
SESSION_COOKIE_NAME = "provider-session"
CSRF_COOKIE_NAME = "provider-csrf"
AUTHENTICATION_BACKENDS = ["tests.openid.people.PeopleBackend"]
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_RSA_PRIVATE_KEY": (PLACE / "key.pem").read_text(),
    "OAUTH2_VALIDATOR_CLASS": "tests.openid.people.Validator",
    "PKCE_REQUIRED": True,
    "SCOPES": {"openid": "Who you are", "profile": "Your name", "email": "Your address"},
}
