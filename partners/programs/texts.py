"""Agreement texts: markdown made safe HTML."""

import markdown
import nh3
from django.utils.safestring import SafeString

_TAGS = frozenset(
    "p br hr h1 h2 h3 h4 strong em ul ol li blockquote a code pre table thead tbody tr th td".split()  # noqa: SIM905  one line reads better
)
_ATTRIBUTES = {"a": {"href"}, "th": {"scope"}}


def rendered(text: str) -> SafeString:
    """Return the text as HTML in which only plain structure and web and mail links survive."""
    html = markdown.markdown(text, extensions=["tables", "sane_lists"])
    # The page has its own h1.
    for level in (3, 2, 1):
        html = html.replace(f"<h{level}>", f"<h{level + 1}>").replace(
            f"</h{level}>", f"</h{level + 1}>"
        )
    clean = nh3.clean(
        html,
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return SafeString(clean)
