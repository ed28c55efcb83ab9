"""All settings, for every place the portal runs; the environment decides what differs."""

import sys
from pathlib import Path

from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from prm import env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.folder("DATA_DIR", BASE_DIR / ".data")
DEBUG = env.flag("DEBUG")
TESTING = "pytest" in sys.modules
IS_WORKER = env.text("PRM_ROLE", "web") == "worker"

SECRET_KEY = env.text("SECRET_KEY", "only-for-development-and-tests" if DEBUG or TESTING else None)
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")
# Fernet keys for secrets at rest, newest first; older ones only decrypt.
FIELD_KEYS = env.names(
    "FIELD_KEYS",
    "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" if DEBUG or TESTING else "",
)
# Secrets from which receipts' signing keys are derived, newest first; a dropped one makes its receipts unverifiable.
RECEIPT_KEYS = env.names("RECEIPT_KEYS") or FIELD_KEYS
# Hosts under which tenants are told apart by path. Any other host must be a tenant's own domain, which only the
# database knows: prm.tenancy.middleware refuses the rest, so Django lets every host pass to it.
OWN_HOSTS = env.names(
    "ALLOWED_HOSTS", "localhost,127.0.0.1,testserver" if DEBUG or TESTING else "localhost,127.0.0.1"
)
ALLOWED_HOSTS = ["*"]
# Scheme and host under which people reach tenants that have no domain of their own.
PUBLIC_ORIGIN = env.text("PUBLIC_ORIGIN", "http://localhost:" + env.text("PORT", "8000")).rstrip(
    "/"
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN, *env.names("CSRF_TRUSTED_ORIGINS")]
HTTPS = PUBLIC_ORIGIN.startswith("https://")

# ---------------------------------------------------------------- apps and middleware
INSTALLED_APPS = [
    "prm",
    "partners",
    "referrals",
    "commissions",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_tables2",
    "django_htmx",
    "template_partials",
    "django_countries",  # its names of countries in every language
    "django_structlog",
]
MIDDLEWARE = [
    "prm.web.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "referrals.sharing.middleware.LinkMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "prm.web.logs.RequestLogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "prm.tenancy.middleware.TenantAddressMiddleware",
    "django.middleware.common.CommonMiddleware",
    "prm.web.request_size.RequestSizeMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "prm.accounts.middleware.MemberMiddleware",
    "prm.accounts.middleware.LanguageMiddleware",
    "prm.api.middleware.ApiKeyMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "prm.tenancy.middleware.TenantScopeMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "prm.signin.middleware.SessionActivityMiddleware",
    "prm.accounts.middleware.SecondFactorMiddleware",
    "prm.accounts.viewing.PartnerViewMiddleware",
]
ROOT_URLCONF = "prm.urls"
WSGI_APPLICATION = "prm.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "prm.navigation.shell",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---------------------------------------------------------------- database
# The pool is for threads of a web process only: Celery closes the whole pool around every task.
_POOL = {
    "min_size": 1,
    "max_size": env.whole("DATABASE_POOL", 6),
    "timeout": 10,
    "max_idle": 300,
    "max_lifetime": 1800,
}
_LOCAL = (
    "postgres://prm_app@/prm"
    if DEBUG
    or TESTING
    or "makemigrations" in sys.argv
    or "collectstatic" in sys.argv
    or "compile_texts" in sys.argv
    else None
)
DATABASES = {
    "default": env.database(
        "DATABASE_URL",
        _LOCAL,
        **(
            {}
            if IS_WORKER or TESTING or (len(sys.argv) > 1 and sys.argv[0].endswith("manage.py"))
            else {"pool": _POOL}
        ),
    ),
    # The owner of the tables; only migrations and the verify commands' set-up use it.
    "owner": env.database("DATABASE_OWNER_URL", env.text("DATABASE_URL", _LOCAL)),
}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if "pool" not in DATABASES["default"]["OPTIONS"]:
    DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASE_ROUTERS = ["prm.tenancy.router.OneWriter"]

REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "prm.web.cache.SteadyCache",
        # Emptying the cache empties its whole database: never the one that holds the queues.
        "LOCATION": env.cache_beside(REDIS_URL),
        "KEY_PREFIX": "prm-cache",
    },
}

# ---------------------------------------------------------------- language and time
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("it", _("Italian"))]
LOCALE_PATHS = [BASE_DIR / "prm" / "locale"]

# ---------------------------------------------------------------- files
STATIC_URL = "/static/"
STATIC_ROOT = env.folder("STATIC_ROOT", BASE_DIR / ".static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "files"), "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or TESTING
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
# Megabytes that one tenant's uploads may take together.
UPLOAD_QUOTA_MB = env.whole("UPLOAD_QUOTA_MB", 5_000)
# Dotted path of a function that looks at a file and returns the name of the malware in it, empty for none
# (prm.uploads.services.Scanner). Uploads then wait until it has looked.
UPLOAD_SCANNER = env.text("UPLOAD_SCANNER", "")

# ---------------------------------------------------------------- mail
# Without EMAIL_URL mail is written to files; MAILBOX=1 shows them at /mail/.
_EMAIL = env.email("EMAIL_URL", DATA_DIR / "mail")
EMAIL_BACKEND = _EMAIL.pop("EMAIL_BACKEND")
globals().update(_EMAIL)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Partner portal <portal@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MAILBOX = env.flag("MAILBOX", default=DEBUG)
# Where partners' people mail referrals to, and what the mail server signs with as it hands them in
# (referrals.capture.mail_in). Without both nobody gets an address.
INBOUND_MAIL_DOMAIN = env.text("INBOUND_MAIL_DOMAIN", "").lower()
INBOUND_MAIL_KEY = env.text("INBOUND_MAIL_KEY", "")

# ---------------------------------------------------------------- background work
CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_ACKS_ON_FAILURE = True
CELERY_TASK_ACKS_ON_TIMEOUT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# KiB: a worker that printed some hundreds of papers is replaced; WeasyPrint keeps a little of each (STACK 4).
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 200_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_TIME_LIMIT = 600  # must stay below the visibility timeout
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "global_keyprefix": env.text("CELERY_PREFIX", "prm:"),
    "socket_keepalive": True,
    "health_check_interval": 30,
}
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
CELERY_DB_REUSE_MAX = 1000
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "money"
CELERY_TASK_ROUTES = {
    "prm.notices.tasks.*": {"queue": "mail"},
    "prm.jobs.tasks.*": {"queue": "bulk"},
    "prm.uploads.tasks.*": {"queue": "bulk"},
    "commissions.statements.tasks.*": {"queue": "bulk"},
    "partners.agreements.tasks.*": {"queue": "bulk"},
    "partners.directory.tasks.*": {"queue": "bulk"},
    "partners.training.tasks.*": {"queue": "bulk"},
    "referrals.sharing.tasks.*": {"queue": "bulk"},
}
CELERY_BEAT_SCHEDULE = {
    "relay-events": {
        "task": "prm.events.tasks.sweep_events",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "seal-events": {
        "task": "prm.events.tasks.seal_events",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "send-mail": {
        "task": "prm.notices.tasks.sweep_mail",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "resume-jobs": {
        "task": "prm.jobs.tasks.sweep_jobs",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "remind-of-tax-forms": {
        "task": "commissions.tax.tasks.remind_of_forms",
        "schedule": 6 * 3600.0,
        "options": {"expires": 3600},
    },
    "clear-job-files": {
        "task": "prm.jobs.tasks.clear_job_files",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "scan-uploads": {
        "task": "prm.uploads.tasks.sweep_scans",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    # A head kept outside the database shows a cut or rewritten trail; the same head is sent once.
    "publish-heads": {
        "task": "prm.audit.tasks.publish_heads",
        "schedule": crontab(hour=5, minute=0),
    },
    "clear-api-answers": {
        "task": "prm.api.tasks.clear_old_answers",
        "schedule": crontab(hour=4, minute=10),
    },
    "remind-invited": {
        "task": "prm.accounts.tasks.remind_all_invited",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "keep-promises": {
        "task": "referrals.pipeline.tasks.keep_promises",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "tell-stalled": {
        "task": "referrals.pipeline.tasks.tell_all_stalled",
        "schedule": crontab(hour=6, minute=30),
    },
    "mend-onboarding": {
        "task": "partners.onboarding.tasks.mend_runs",
        "schedule": crontab(hour=3, minute=20),
    },
    "clear-drafts": {
        "task": "partners.applications.tasks.clear_drafts",
        "schedule": crontab(hour=3, minute=40),
    },
    "sweep-agreements": {
        "task": "partners.agreements.tasks.sweep_agreements",
        "schedule": crontab(hour=6, minute=10),
    },
    "sweep-terms": {
        "task": "commissions.acceptances.tasks.sweep_terms",
        "schedule": crontab(hour=6, minute=20),
    },
    "warn-of-expiring-exceptions": {
        "task": "commissions.overrides.tasks.warn_of_expiry",
        "schedule": crontab(hour=6, minute=40),
    },
    "deliver-taken-rewards": {
        "task": "commissions.choices.tasks.deliver_taken",
        "schedule": crontab(hour=4, minute=40),
    },
    "settle-contests": {
        "task": "commissions.contests.tasks.settle_contests",
        "schedule": crontab(minute=35),
    },
    "recalculate-tiers": {
        "task": "commissions.tiers.tasks.recalculate_tiers",
        "schedule": crontab(hour=2, minute=40),
    },
    "take-up-changes": {
        "task": "partners.directory.tasks.take_up_changes",
        "schedule": crontab(minute=5),
    },
    "count-clicks": {
        "task": "referrals.sharing.tasks.count_clicks",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "sweep-cases": {
        "task": "referrals.attribution.tasks.sweep_cases",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "sweep-claims": {
        "task": "referrals.claims.tasks.sweep_claims",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    # Hourly, for budgets begin anew at other hours in other zones.
    "book-waiting-rewards": {
        "task": "commissions.accruals.tasks.book_waiting_rewards",
        "schedule": crontab(minute=5),
    },
    # Hourly as well: a partner hears of the day when it begins where the vendor is, and of each thing once.
    "warn-of-lapses": {
        "task": "commissions.accruals.tasks.warn_of_lapses",
        "schedule": crontab(minute=35),
    },
    "release-holds": {
        "task": "commissions.accruals.tasks.release_holds",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    # Hourly, for days begin at other hours in other zones.
    "prepare-payout-runs": {
        "task": "commissions.payouts.tasks.prepare_due_runs",
        "schedule": crontab(minute=20),
    },
}

# ---------------------------------------------------------------- people and sign-in
AUTH_USER_MODEL = "prm.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
    if TESTING
    else "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "start"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "prm.signin.adapters.AccountAdapter"
MFA_ADAPTER = "prm.signin.adapters.MFAAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_FORMS = {"login": "prm.signin.forms.PlainLoginForm"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 300
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 0
MFA_FORMS = {
    "authenticate": "prm.signin.forms.OnceOnlyAuthenticateForm",
    "reauthenticate": "prm.signin.forms.OnceOnlyReauthenticateForm",
}
CSRF_FAILURE_VIEW = "prm.signin.views.stale_page"
USERSESSIONS_TRACK_ACTIVITY = True
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("PROXY_COUNT", 0)

# ---------------------------------------------------------------- browser security
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=False)
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None
)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": ["'self'"],
    },
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: []
    for name in (
        "camera",
        "geolocation",
        "microphone",
        "payment",
        "usb",
        "accelerometer",
        "gyroscope",
    )
}

# ---------------------------------------------------------------- tables, logs, errors
DJANGO_TABLES2_TEMPLATE = "components/table.html"
LOG_JSON = env.flag("LOG_JSON", default=not DEBUG)
LOGGING = env.logging(json=LOG_JSON, level=env.text("LOG_LEVEL", "INFO"))
env.start_error_reports(env.text("SENTRY_DSN", ""))
SILENCED_SYSTEM_CHECKS: list[str] = []
