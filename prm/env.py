"""Typed readers for environment variables; a value that cannot be read stops the start with its name."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"", "0", "false", "no", "off"}


def text(name: str, default: str | None = None) -> str:
    """Return the variable; without a default it must be set."""
    value = os.environ.get(name)
    if value is not None and value != "":
        return value
    if default is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return default


def flag(name: str, *, default: bool = False) -> bool:
    """Return a yes/no variable; anything but 1/0, true/false, yes/no, on/off is refused."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def whole(name: str, default: int) -> int:
    """Return a whole number."""
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error


def names(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list without blanks."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def folder(name: str, default: Path) -> Path:
    """Return a folder as an absolute path; it need not exist yet."""
    return Path(os.environ.get(name) or default).resolve()


def database(name: str, default: str | None = None, **options: Any) -> dict[str, Any]:
    """Return Django's database settings for a postgres:// address; `?host=` names a socket folder."""
    url = urlsplit(text(name, default))
    if url.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"{name} must be a postgres:// address.")
    query = {key: values[0] for key, values in parse_qs(url.query).items()}
    host = query.pop("host", None) or url.hostname or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.lstrip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": host,
        "PORT": str(url.port or ""),
        "OPTIONS": {**query, **options},
    }


def cache_beside(broker: str) -> str:
    """Return the address of the cache: the broker's server, another database of it.

    Parallel test processes (gw0, gw1, ...) get one each. redis+socket:// is Celery's spelling of a socket.
    """
    number = 1 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    if broker.startswith(("redis+socket://", "unix://")):
        return "unix://" + urlsplit(broker).path + f"?db={number}"
    return urlsplit(broker)._replace(path=f"/{number}").geturl()


def email(name: str, folder: Path) -> dict[str, Any]:
    """Return Django's mail settings for smtp:// or smtps:// addresses; unset means files in the folder."""
    value = os.environ.get(name, "")
    if not value:
        return {"EMAIL_BACKEND": "prm.notices.mailbox.FileBackend", "EMAIL_FILE_PATH": str(folder)}
    url = urlsplit(value)
    if url.scheme not in {"smtp", "smtps", "smtp+tls"}:
        raise ImproperlyConfigured(f"{name} must start with smtp://, smtp+tls:// or smtps://.")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": url.hostname or "localhost",
        "EMAIL_PORT": url.port
        or (465 if url.scheme == "smtps" else 587 if url.scheme == "smtp+tls" else 25),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": url.scheme == "smtps",
        "EMAIL_USE_TLS": url.scheme == "smtp+tls",
        "EMAIL_TIMEOUT": 20,
    }


def logging(*, json: bool, level: str) -> dict[str, Any]:
    """Return the logging settings and set structlog up: one line per fact, JSON in production."""
    import structlog  # noqa: PLC0415  settings must load before Django's own imports settle

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
            },
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django.request": {"level": "ERROR"},
            "django.security": {"level": "WARNING"},
            # At DEBUG they write whole pages' contents and the values of statements: names, accounts, codes.
            "django.template": {"level": "INFO"},
            "django.db.backends": {"level": "INFO"},
            # Sweeps run every few seconds; a failed task is an error and is told.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "fontTools": {"level": "WARNING"},
            "weasyprint": {"level": "ERROR"},
        },
    }


def start_error_reports(dsn: str) -> None:
    """Send unexpected errors to the given collector; an empty address sends nothing."""
    if not dsn:
        return
    import sentry_sdk  # noqa: PLC0415  31 ms that only installations with a collector pay

    sentry_sdk.init(dsn=dsn, send_default_pii=False)
