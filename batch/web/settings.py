"""What Django needs to know to serve the site, as far as it is the same everywhere. `configure` adds the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from batch.i18n import LOCALE_FOLDER

_HERE = Path(__file__).parent

DEBUG = False
SECRET_KEY = ""
"""`configure` reads it from CREDITBATCH_HOME; Django refuses to sign with an empty key."""
CREDITBATCH_HOME = Path()
CREDITBATCH_VAULT_KEY = ""
CREDITBATCH_SITE_URL = ""
CREDITBATCH_DEMO = False
CREDITBATCH_HAS_MAIL = False
ALLOWED_HOSTS: list[str] = []
DATABASES: dict[str, dict[str, Any]] = {}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"

INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
    "django.contrib.staticfiles", "axes", "django_htmx", "django_otp", "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static", "batch.ledger.orm.LedgerConfig", "batch.web.WebConfig",
]  # fmt: skip
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "batch.web.middleware.add_security_headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "batch.web.middleware.extend_session",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "batch.web.middleware.choose_language",
    "batch.web.middleware.explain_failures",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "batch.web.urls"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_HERE / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "batch.web.middleware.make_base_context",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "batch.web.templatetags.shown"],
        },
    }
]

AUTH_USER_MODEL = "web.Person"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"

# Sessions end after half an hour in which nobody opened a page (`middleware.extend_session`), and with the browser.
SESSION_COOKIE_AGE = 30 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "creditbatch_session"
CSRF_COOKIE_NAME = "creditbatch_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "batch.web.middleware.show_forged_form"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
"""Hours. Whoever guesses a password waits a quarter of an hour after five wrong ones."""
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "batch.web.middleware.show_lockout"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_HTTP_RESPONSE_CODE = 429
OTP_TOTP_ISSUER = "creditbatch"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
LOCALE_PATHS = [LOCALE_FOLDER]

STATIC_URL = "static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # uploads are kept in the database
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_HANDLERS = ["batch.web.drafts.checking.BoundedUpload"]
LOGGING_CONFIG = None
