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
    "django.contrib.staticfiles", "django_htmx", "allauth", "allauth.account", "allauth.mfa", "allauth.usersessions",
    "allauth.socialaccount", "allauth.socialaccount.providers.openid_connect", "batch.ledger.orm.LedgerConfig",
    "batch.web.WebConfig",
]  # fmt: skip
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "batch.web.middleware.add_security_headers",
    "batch.web.middleware.prefer_localhost",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "batch.web.middleware.extend_session",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "batch.web.middleware.choose_language",
    "batch.web.middleware.explain_failures",
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
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "full_name", "email"), "max_similarity": 0.6},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        # Ours has French ones and this product's words.
        "NAME": "django.contrib.auth.password_validation.CommonPasswordValidator",
        "OPTIONS": {"password_list_path": str(_HERE / "auth" / "common_passwords.txt")},
    },
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# Sessions end twelve hours after the login, or half an hour after the last page that somebody opened
# (`middleware.extend_session`), and with the browser.
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

# django-allauth: people are invited, so nobody signs up and nothing is sent to verify an address.
ACCOUNT_ADAPTER = "batch.web.auth.adapters.AccountAdapter"
ACCOUNT_FORMS = {"login": "batch.web.auth.forms.LoginForm", "reauthenticate": "batch.web.auth.forms.PasswordAgainForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/login"
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "30/15m/ip,5/15m/key", "confirm": "5/15m/key"}
"""After five wrong ones in a quarter of an hour nothing is heard for this name: `login_failed` of a login, from
whatever addresses, `confirm` (ours) of whoever is logged in already, so that a stranger does not hold them up."""
MFA_ADAPTER = "batch.web.auth.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "batch.web.auth.forms.CodeForm",
    "reauthenticate": "batch.web.auth.forms.CodeAgainForm",
    "activate_totp": "batch.web.auth.forms.FirstCodeForm",
    "add_webauthn": "batch.web.auth.forms.PasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody's address is verified: administrators know whom they invite
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "creditbatch"
MFA_TOTP_TOLERANCE = 1
"""Steps of half a minute by which a phone's clock may be wrong."""
SOCIALACCOUNT_ADAPTER = "batch.web.auth.sso.SingleSignOnAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # the policy lets no form lead to another site, and a state guards the way back
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
CREDITBATCH_ROLES_CLAIM = ""
# In the database, because the site's threads and whatever else serves it must count together.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "web_cache",
        # By itself Django throws away what counts at 300: whoever tries enough names would be forgotten.
        "OPTIONS": {"MAX_ENTRIES": 300_000},
    }
}

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
