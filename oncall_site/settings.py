"""All settings, from the environment alone, with defaults that are safe to run.

Without any variable Tandem runs *embedded*: SQLite and a broker of its own inside `DATA_DIR`, reachable from
this machine only. `DATABASE_URL` and `REDIS_URL` turn the same code into a deployment of any size.
docs/settings.md lists every variable.
"""

import tempfile
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from django.contrib.messages.constants import DEBUG as DEBUG_MESSAGE
from django.contrib.messages.constants import ERROR, INFO, SUCCESS, WARNING
from django.utils.translation import gettext_lazy as _

from oncall_site.logging import logging_config
from oncall_site.secret import secret_from

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# Where Tandem lives -------------------------------------------------------------------------------------------

DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "data"))).resolve()
SITE_URL = env.str("SITE_URL", f"http://127.0.0.1:{env.int('PORT', 8000)}").rstrip("/")
HTTPS = SITE_URL.startswith("https://")

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "") or secret_from(DATA_DIR)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[environ.urlparse(SITE_URL).hostname, "127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# What it is made of -------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "oncall_site",
    "rotations",
    "incidents",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "js_lib_bootstrap5",
    "rest_framework",
]

MIDDLEWARE = [
    # First, and the only one that an event ever meets: it answers the intake paths itself (PACKAGES, hint 1).
    "incidents.paging.intake.IntakeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "oncall_site.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "oncall_site.middleware.readers_time_zone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "oncall_site.urls"
WSGI_APPLICATION = "oncall_site.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
# A message is a notice; its level is the notice's tone (LOOKS §4).
MESSAGE_TAGS = {DEBUG_MESSAGE: "info", INFO: "info", SUCCESS: "good", WARNING: "watch", ERROR: "alarm"}

# The record ---------------------------------------------------------------------------------------------------

EMBEDDED = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATA_DIR / "tandem.sqlite3")}
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL") if env.str("DATABASE_URL", "") else EMBEDDED,
}
# Fixed threads with lasting connections beat a pool (PACKAGES, hint 2).
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Django's DEFERRED default fails with "locked" under four writers; IMMEDIATE waits its turn (PACKAGES).
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # A file, not memory: tests with threads meet the same locks as the real thing.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    # A database host that swallows packets must fail a probe or an event within seconds, not hang every thread.
    # And a session that froze inside a transaction must not hold an incident's row for ever.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "options": "-c idle_in_transaction_session_timeout=30000",
        **DATABASES["default"].get("OPTIONS", {}),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The broker and the workers -----------------------------------------------------------------------------------

# A socket's address may have 107 bytes, a data directory more: so it lies in the system's temporary directory.
BROKER_SOCKET = Path(tempfile.gettempdir()) / f"tandem-{sha256(str(DATA_DIR).encode()).hexdigest()[:12]}.sock"
REDIS_URL = env.str("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or f"redis+socket://{BROKER_SOCKET}"

# People -------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "rotations.User"
# An address is unique whatever its case: the constraint is on Lower("email"), which the check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "now"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # a reset for a stranger's address is answered alike, and sends nothing
ACCOUNT_SESSION_REMEMBER = True  # nobody wants to type a password at three in the morning
ACCOUNT_FORMS = {
    "login": "oncall_site.accounts.SignInForm",
    "reset_password": "oncall_site.accounts.ResetForm",
    "reset_password_from_key": "oncall_site.accounts.NewPasswordForm",
    "change_password": "oncall_site.accounts.ChangePasswordForm",
}
ACCOUNT_ADAPTER = "oncall_site.accounts.InvitedOnly"

# Words, times, files ------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served straight from the packages: the first start needs no collecting (37 s with a compressed manifest).
WHITENOISE_USE_FINDERS = env.bool("STATIC_FROM_PACKAGES", True)
STATIC_ROOT = None if WHITENOISE_USE_FINDERS else DATA_DIR / "static"  # a root that is not there is a warning

# Guard --------------------------------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
# A probe speaks plain HTTP to the process itself.
SECURE_REDIRECT_EXEMPT = [r"^healthz", r"^readyz"]
if env.bool("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Wrong guesses count against whoever made them; else ten of anybody's would keep everybody from signing in.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"  # an acknowledge link must not travel in a Referer
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# Messages to people -------------------------------------------------------------------------------------------

# smtp+tls://user:password@host:587. Without it e-mail is off: it neither counts as a channel nor fails.
EMAIL_URL = env.str("EMAIL_URL", "")
vars().update(env.email_url_config(EMAIL_URL or "dummymail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Tandem <tandem@localhost>")
# Hosts and networks inside the house that webhooks may reach all the same.
INTERNAL_HOSTS_ALLOWED = env.list("INTERNAL_HOSTS_ALLOWED", default=[])

CHANNEL_CONNECT_TIMEOUT = timedelta(seconds=env.float("CHANNEL_CONNECT_TIMEOUT", 4))
CHANNEL_TIMEOUT = timedelta(seconds=env.float("CHANNEL_TIMEOUT", 10))
EMAIL_TIMEOUT = CHANNEL_TIMEOUT.total_seconds()
DELIVERY_LEASE = timedelta(seconds=env.float("DELIVERY_LEASE", 30))
DELIVERY_RETRY_FIRST = timedelta(seconds=env.float("DELIVERY_RETRY_FIRST", 5))
DELIVERY_GIVE_UP_AFTER = timedelta(seconds=env.float("DELIVERY_GIVE_UP_AFTER", 3600))
CHANNEL_FAILING_AFTER = timedelta(seconds=env.float("CHANNEL_FAILING_AFTER", 30))

# Schedules and escalation -------------------------------------------------------------------------------------

HORIZON = timedelta(weeks=env.int("HORIZON_WEEKS", 12))
HORIZON_WARNING = timedelta(weeks=env.int("HORIZON_WARNING_WEEKS", 4))
SWEEP_STALE_AFTER = timedelta(seconds=env.float("SWEEP_STALE_AFTER", 4))

# The interface for programs -----------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rotations.people.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rotations.people.parsers.Json"],
    "EXCEPTION_HANDLER": "rotations.people.api.answer_error",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rotations.people.api.ByAge",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Tandem",
    "VERSION": "1",
    "DESCRIPTION": "Two-tier on-call. Instants are ISO 8601 in UTC; errors are a sentence in `detail` or by field.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {"TierEnum": "rotations.schedule.tiers.Tier.choices"},
}

LOGGING = logging_config(level=env.str("LOG_LEVEL", "INFO").upper(), style=env.str("LOG_STYLE", ""))
