"""Texts of programs: markdown made safe HTML, and the language in which a text is said."""

import re
from collections.abc import Mapping

import markdown
import nh3
from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from prm.tenancy.models import Tenant
from prm.tenancy.scope import NoScope, current_scope
from prm.web.choices import language_in_words

_TAGS = frozenset(
    "p br hr h1 h2 h3 h4 strong em ul ol li blockquote a code pre table thead tbody tr th td".split()  # noqa: SIM905  one line reads better
)
_HEADING, _HEADING_TAG = re.compile(r"<h([1-6])>"), re.compile(r"(</?h)([1-6])>")
LOWEST = 4
_ATTRIBUTES = {"a": {"href"}, "th": {"scope"}}


def rendered(text: str) -> SafeString:
    """Return the text as HTML in which only plain structure and web and mail links survive."""
    html = markdown.markdown(text, extensions=["tables", "sane_lists"])
    clean = nh3.clean(
        _leveled(html),
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return SafeString(clean)


def _leveled(html: str) -> str:
    """Return the text with its headings from h2 on, none skipped: the page has its own h1."""
    used = sorted(set(_HEADING.findall(html)))
    new = {level: min(number, LOWEST) for number, level in enumerate(used, start=2)}
    return _HEADING_TAG.sub(lambda tag: f"{tag[1]}{new.get(tag[2], LOWEST)}>", html)


def said(texts: Mapping[str, str], language: str) -> str:
    """Return a text in the language asked for, else in the tenant's, else in any; empty when there is none.

    A text that had to be said in another language names it at its end: "Welcome (in English)".
    """
    if own := texts.get(language):
        return own
    given = {code: text for code, text in texts.items() if text}
    if not given:
        return ""
    code = next(iter(given)) if len(given) == 1 else _spoken_here(given)
    if code not in dict(settings.LANGUAGES):
        return given[code]
    mark = gettext("(in %(language)s)") % {"language": language_in_words(code)}
    return f"{given[code]} {mark}"


def _spoken_here(given: Mapping[str, str]) -> str:
    """Return the tenant's language when the text is there in it, else the first."""
    try:
        tenant_id = current_scope().tenant_id
    except NoScope:
        return next(iter(given))
    own = Tenant.objects.values_list("language", flat=True).get(id=tenant_id)
    return own if own in given else next(iter(given))
