"""Mails made of templates: subject, text and HTML with the styles inlined, in one language."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.template import Context
from django.template.loader import select_template
from django.utils import timezone, translation
from django.utils.translation import gettext

from prm.tenancy.models import Tenant

_BLANKS = re.compile(r"\n{3,}")
_LINE_ENDS = re.compile(r"[ \t]+\n")


@dataclass(frozen=True)
class Words:
    """A mail's content, ready to send."""

    subject: str
    text: str
    html: str
    language: str


def written(
    template: str, context: dict[str, Any], *, tenant: Tenant, language: str, time_zone: str = ""
) -> Words:
    """Return the mail of a template path such as "emails/referral/milestone", in a language and a time zone.

    A missing part falls back to emails/notice.*, which needs `title` and shows `body` and a button to `url`.
    """
    language = language or tenant.language
    with (
        translation.override(language),
        timezone.override(time_zone or tenant.time_zone or settings.TIME_ZONE),
    ):
        full = {"tenant": tenant, "language": language, "address": _address(tenant), **context}
        subject = " ".join(_part(template, "subject.txt", full).split())[:200]
        full["subject"] = subject
        text = _tidy(_part(template, "txt", full))
        if full.get("seal"):
            text += f"{gettext('Seal of the audit log today:')} {full['seal']}\n"
        html = inlined(_part(template, "html", full))
    return Words(subject, text, html, language)


def inlined(html: str) -> str:
    """Return the document with its style sheet copied into style attributes; nothing is fetched."""
    return css_inline.CSSInliner(load_remote_stylesheets=False).inline(html)


def sender_of(tenant: Tenant) -> str:
    """Return the name mails of the tenant carry."""
    return tenant.mail_sender or tenant.name


def message_id_of(*, tenant_id: int, key: str) -> str:
    """Return the Message-ID that belongs to a key: the same for every attempt and every copy."""
    digest = hashlib.sha256(f"{tenant_id}:{key}".encode()).hexdigest()[:40]
    return f"<{digest}@{urlsplit(settings.PUBLIC_ORIGIN).hostname or 'localhost'}>"


def _part(template: str, ending: str, context: dict[str, Any]) -> str:
    found: Any = select_template([f"{template}.{ending}", f"emails/notice.{ending}"])
    # Subject and text are no HTML: "Kestrel & Co" stays as it is.
    return str(found.template.render(Context(context, autoescape=ending == "html")))


def _tidy(text: str) -> str:
    return _BLANKS.sub("\n\n", _LINE_ENDS.sub("\n", text)).strip() + "\n"


def _address(tenant: Tenant) -> str:
    lines = (line.strip(" ,") for line in (tenant.legal_address or "").splitlines())
    return ", ".join([tenant.legal_name or tenant.name, *filter(None, lines)])
