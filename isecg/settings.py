"""Settings: safe for production by default, opened up only by the environment.

``ISECG_DEMO=1`` gives the demo: a secret key of its own, SQLite under ``var/``,
the mailbox page in place of a mail server. ``docs/operations.md`` has the table.
"""

import secrets
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from isecg import logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEMO = env.bool("ISECG_DEMO", default=False)
VAR_DIR = Path(env.str("ISECG_VAR", default=str(BASE_DIR / "var")))


def _demo_secret_key() -> str:
    """Return this demo's own key, made once and kept under ``var/``."""
    path = VAR_DIR / "secret_key"
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text()


if DEMO and "SECRET_KEY" not in env.ENVIRON:
    SECRET_KEY = _demo_secret_key()
else:
    SECRET_KEY = env.str("SECRET_KEY")
# Keys that were in force before: what they signed is still taken, and nothing new is.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEMO else []
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Where ``manage.py up`` serves.
PORT = env.str("PORT", default="8000")
SITE_URL = env.str("SITE_URL", default=f"http://localhost:{PORT}")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
    "simple_history",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "isecg",
    "isecg.events",
    "isecg.mail",
    "workgroups",
    "products",
]

MIDDLEWARE = [
    "isecg.middleware.RequestIdMiddleware",
    # These two outside of all that refuses, so that refusals and redirects have their headers.
    "isecg.middleware.ShellMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "isecg.middleware.RequestLimitMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "isecg.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "workgroups.sign_in.second_factor.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "isecg.urls"
WSGI_APPLICATION = "isecg.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["isecg.templatetags.isecg"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "isecg.context.site",
            ],
        },
    }
]
FORM_RENDERER = "isecg.forms.Renderer"

# --- Database -----------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'tracker.sqlite3'}")}
# Counters that every process must see: how often somebody tried to sign in. In the
# database, so that people get in while Redis is down (docs/adr/0007).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "isecg_cache",
        # Django's 300 would let a flood of addresses push the counters out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ON_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if ON_SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        # With Django's defaults concurrent writers fail with "database is locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 10, "timeout": 10}}

# --- People -------------------------------------------------------------------

AUTH_USER_MODEL = "workgroups.User"
# Where the demo keeps its invented people: only a demo reads it.
DEMO_PEOPLE = "products.demo.people"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    # The list of common passwords that Django ships: nothing is asked of anybody outside.
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "workgroups.sign_in.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "workgroups.sign_in.forms.SignInForm",
    "reset_password": "workgroups.sign_in.forms.ResetPasswordForm",
    "reset_password_from_key": "workgroups.sign_in.forms.NewPasswordForm",
    "change_password": "workgroups.sign_in.forms.ChangePasswordForm",
    "reauthenticate": "workgroups.sign_in.forms.ReauthenticateForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# An invitation and a change of address prove an address; allauth keeps none of its own.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGOUT_REDIRECT_URL
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_RATE_LIMITS = {
    "invite": "60/h/user",
    "invitation": "20/m/ip",
    "change_address": "5/h/user",
    "address": "20/m/ip",
    # From one network address, and with one mail address, which gets a letter for each.
    "public_comment": env.str("ISECG_PUBLIC_COMMENT_RATE", default="20/h/ip,5/d/key"),
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("ISECG_PROXIES", default=0)
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "workgroups.sign_in.tokens.ResetTokenGenerator"  # noqa: S105 a class
PASSWORD_RESET_TIMEOUT = 3600
MFA_ADAPTER = "workgroups.sign_in.adapters.MFAAdapter"
MFA_FORMS = {
    "authenticate": "workgroups.sign_in.forms.AuthenticateForm",
    "reauthenticate": "workgroups.sign_in.forms.CodeForm",
    "activate_totp": "workgroups.sign_in.forms.ActivateTOTPForm",
    "add_webauthn": "workgroups.sign_in.forms.AddPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "ISECG tracker"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG or DEMO
SOCIALACCOUNT_ADAPTER = "workgroups.sign_in.adapters.SocialAccountAdapter"
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = False
ISECG_INVITATION_DAYS = env.int("ISECG_INVITATION_DAYS", default=7)
# Whose account needs a second factor. A demo's password stands on its first page anyway.
ISECG_SECOND_FACTOR = env.list(
    "ISECG_SECOND_FACTOR",
    default=[] if DEMO else ["head", "alternate", "chair", "secretariat", "superuser"],
)
ISECG_REAUTHENTICATE_MINUTES = env.int("ISECG_REAUTHENTICATE_MINUTES", default=60)
ISECG_OIDC = env.json("ISECG_OIDC", default=[])

# --- Time and language ----------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

# --- Files ----------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
# No other site has business with our static files.
WHITENOISE_ALLOW_ALL_ORIGINS = False
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- Mail -----------------------------------------------------------------------

EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)
if "EMAIL_URL" in env.ENVIRON:
    vars().update(env.email_url("EMAIL_URL"))
else:
    # Without a mail server nothing leaves: letters can be read on the mailbox page.
    EMAIL_BACKEND = "isecg.mail.backends.KeepBackend"
MAILBOX_PAGE = DEMO
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="ISECG tracker <tracker@isecg.invalid>")

# --- Celery ---------------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, int | str]
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 1800}
else:
    # Loses what it has read when the reader dies: fine for wake-ups alone.
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR_DIR / "broker"),
        "data_folder_out": str(VAR_DIR / "broker"),
        "control_folder": str(VAR_DIR / "broker-control"),
    }
    for _folder in ("broker", "broker-control"):
        (VAR_DIR / _folder).mkdir(parents=True, exist_ok=True)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 900
CELERY_TASK_SOFT_TIME_LIMIT = 840
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
TICK_SECONDS = env.int("TICK_SECONDS", default=30)
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "isecg.mail.tasks.tick", "schedule": timedelta(seconds=TICK_SECONDS)},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

# --- What a rule leaves to us (D): defaults that the user is shown ----------------

ISECG_QUORUM = env.float("ISECG_QUORUM", default=0.5)
ISECG_MINIMUM_SUPPORT = env.float("ISECG_MINIMUM_SUPPORT", default=0.5)
# The letters of an opening are held back for so long, and it can be undone.
ISECG_HOLD_MINUTES = env.int("ISECG_HOLD_MINUTES", default=5)
ISECG_SILENCE_HOURS = env.int("ISECG_SILENCE_HOURS", default=72)
ISECG_SILENCE_HOURS_BY_KIND = env.dict(
    "ISECG_SILENCE_HOURS_BY_KIND", cast={"value": int}, default={}
)
ISECG_CONTEST_WORKING_DAYS = env.int("ISECG_CONTEST_WORKING_DAYS", default=5)
ISECG_DISPOSITION_DAYS = env.int("ISECG_DISPOSITION_DAYS", default=30)
ISECG_SHARE_DAYS = env.int("ISECG_SHARE_DAYS", default=14)
ISECG_SHARE_DAYS_BY_KIND = env.dict("ISECG_SHARE_DAYS_BY_KIND", cast={"value": int}, default={})
ISECG_REMINDER_OFFSETS = [
    timedelta(hours=hours)
    for hours in env.list("ISECG_REMINDER_HOURS", cast=int, default=[168, 24, 1])
]
ISECG_PUBLIC_COMMENT_DAYS = env.int("ISECG_PUBLIC_COMMENT_DAYS", default=30)
ISECG_PUBLIC_COMMENT_LENGTH = env.int("ISECG_PUBLIC_COMMENT_LENGTH", default=10_000)
ISECG_SEAT_CONFIRM_DAYS = env.int("ISECG_SEAT_CONFIRM_DAYS", default=365)
ISECG_UPLOAD_LIMIT_MB = env.int("ISECG_UPLOAD_LIMIT_MB", default=50)
ISECG_IMPORT_LIMIT_MB = env.int("ISECG_IMPORT_LIMIT_MB", default=5)
ISECG_IMPORT_ROWS = env.int("ISECG_IMPORT_ROWS", default=5000)
ISECG_REQUEST_LIMIT_MB = env.int("ISECG_REQUEST_LIMIT_MB", default=80)
# What reading the text of one uploaded file may cost, in the child that reads it.
ISECG_EXTRACTION_MEMORY_MB = env.int("ISECG_EXTRACTION_MEMORY_MB", default=512)
ISECG_EXTRACTION_CPU_SECONDS = env.int("ISECG_EXTRACTION_CPU_SECONDS", default=10)
ISECG_EXTRACTION_WALL_SECONDS = env.int("ISECG_EXTRACTION_WALL_SECONDS", default=20)
ISECG_EXTRACTION_PAGES = env.int("ISECG_EXTRACTION_PAGES", default=2000)
ISECG_EXTRACTION_UNPACKED_MB = env.int("ISECG_EXTRACTION_UNPACKED_MB", default=200)
ISECG_EXTRACTION_RATIO = env.int("ISECG_EXTRACTION_RATIO", default=100)
ISECG_EXTRACTION_MEMBERS = env.int("ISECG_EXTRACTION_MEMBERS", default=2000)
# How many are read at a time on this machine, and how long the next one waits.
ISECG_EXTRACTIONS = env.int("ISECG_EXTRACTIONS", default=2)
ISECG_EXTRACTION_WAIT_SECONDS = env.int("ISECG_EXTRACTION_WAIT_SECONDS", default=5)
EXTRACTION_PLACES = VAR_DIR / "extraction"
ISECG_SESSION_HOURS = env.int("ISECG_SESSION_HOURS", default=12)
ISECG_SESSION_IDLE_MINUTES = env.int("ISECG_SESSION_IDLE_MINUTES", default=120)

# --- The hard shell ---------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "isecg.sessions"
SESSION_COOKIE_AGE = ISECG_SESSION_HOURS * 3600
# The cookie ends with the browser, the session in the database; were the cookie to end with
# the session, nobody could be told that it has.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "isecg.notes.Storage"
MESSAGES_COOKIE_NAME = "messages"
HTTPS = env.bool("HTTPS", default=not DEMO)
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    MESSAGES_COOKIE_NAME = "__Host-messages"
# What is not named falls back to default-src: objects, frames, media, manifests. Workers
# would fall back to script-src; forms, framing and the base have no fallback.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "upgrade-insecure-requests": HTTPS,
    }
}
CSRF_FAILURE_VIEW = "isecg.errors.stale_form"

# --- History and logs ---------------------------------------------------------------

SIMPLE_HISTORY_DATE_INDEX = "Composite"
SIMPLE_HISTORY_ENABLED = True
LOGGING_CONFIG = "isecg.logs.configure"
LOGGING = logs.config(json=not DEMO)

SHORTEST_KEY = 50
EXAMPLE_KEYS = ("django-insecure", "change", "example", "secret")
if not DEMO:
    for _key in (SECRET_KEY, *SECRET_KEY_FALLBACKS):
        if _key.lower().startswith(EXAMPLE_KEYS) or len(set(_key)) < 10:
            raise ImproperlyConfigured("SECRET_KEY is an example; give this site a key of its own.")
        if len(_key) < SHORTEST_KEY:
            raise ImproperlyConfigured(
                f"SECRET_KEY is too short: take {SHORTEST_KEY} random characters or more."
            )
