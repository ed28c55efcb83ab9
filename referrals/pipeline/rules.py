"""Names and addresses made comparable, and the stages and moves a new program starts with."""

import re
import unicodedata
from datetime import date, timedelta
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

# Mail providers whose domain says nothing about the company; the country forms of the large ones are matched by name.
FREE_MAIL = frozenset(
    """
    126.com 163.com 21cn.com abv.bg alice.it aol.com aruba.it att.net bigpond.com bk.ru bluewin.ch
    btinternet.com btopenworld.com centrum.cz charter.net comcast.net cox.net duck.com earthlink.net
    eircom.net email.com email.it fastmail.com fastmail.fm foxmail.com free.fr freenet.de gmail.com gmx.at
    gmx.ch gmx.com gmx.de gmx.net googlemail.com hanmail.net hey.com home.nl hushmail.com icloud.com inbox.lv
    inbox.ru inwind.it iol.it kpnmail.nl laposte.net libero.it list.ru live.com mac.com mail.com mail.ru
    me.com msn.com naver.com neuf.fr ntlworld.com o2.pl onet.pl online.de optonline.net orange.fr outlook.com
    pm.me poczta.onet.pl proton.me protonmail.com qq.com rambler.ru rediffmail.com rocketmail.com sapo.pt
    sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com sky.com skynet.be t-online.de talktalk.net telenet.be
    telia.com tim.it tin.it tiscali.it tuta.com tutanota.com ukr.net uol.com.br verizon.net virgilio.it
    virginmedia.com wanadoo.fr web.de wp.pl xs4all.nl yandex.com yandex.ru ymail.com ziggo.nl zoho.com
    """.split(),  # noqa: SIM905  a list of words reads better as words
)
_FREE_NAMES = frozenset(
    {"gmail", "googlemail", "gmx", "hotmail", "live", "outlook", "yahoo", "yandex"}
)
# What a company's name ends with in law, not in speech.
_LEGAL_FORMS = frozenset(
    """
    ab ag as asa bv bvba co company corp corporation cv doo eood eurl gmbh inc incorporated kft kg limited llc llp ltd
    ltda mbh nv oy oyj plc pte pty sa sagl sarl sas sl slu snc spa sprl srl srls srlu sro spzoo ug vof zrt
    """.split(),  # noqa: SIM905  as above
)
_WORDS = re.compile(r"[\w]+", re.UNICODE)
_DOTS_IN_ABBREVIATION = re.compile(r"\b(?:\w\.){2,}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
COMPANY_LENGTH = 160
EMAIL_LENGTH = 254


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def canonical_domain(text: str) -> str:
    """Return the registrable domain of a web address or an email address in punycode: "kestrel.example".

    Scheme, path, port, www and other subdomains do not matter. Empty for free-mail domains, bare suffixes,
    IP addresses and anything that is not a host name.
    """
    host = _host(text)
    if not host or _is_ip(host):
        return ""
    domain = _suffixes().privatesuffix(host) or ""
    return "" if is_free_mail(domain) else domain


def is_free_mail(domain: str) -> bool:
    """Tell whether a registrable domain belongs to a mail provider for everybody."""
    return domain in FREE_MAIL or domain.partition(".")[0] in _FREE_NAMES


def _host(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    if _EMAIL.fullmatch(plain):
        plain = plain.rpartition("@")[2]
    try:
        host = urlsplit(plain if "//" in plain else f"//{plain}").hostname or ""
        return (
            host.rstrip(".").removeprefix("www.").encode("idna").decode("ascii")
            if "." in host
            else ""
        )
    except ValueError:  # UnicodeError of the idna codec is one, too
        return ""


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def company_domain(website: str, email: str) -> str:
    """Return the domain a referral is known by: the website's, else that of a company email."""
    return canonical_domain(website) or canonical_domain(email)


def normalised_email(text: str) -> str:
    """Return what two spellings of one mailbox share: lower case, no +tag, no dots where the provider ignores them."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    local, at, host = plain.rpartition("@")
    if not at or not local or not host:
        return ""
    try:
        host = host.encode("idna").decode("ascii")
    except ValueError:
        return ""
    local = local.partition("+")[0] or local
    if host in {"gmail.com", "googlemail.com"}:
        local, host = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{host}"[:EMAIL_LENGTH]


def folded_company(text: str) -> str:
    """Return a company's name in lower case, with accents, signs and repeated spaces gone; for search by its start."""
    plain = unicodedata.normalize("NFKD", text.replace("&", " & ")).casefold()
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = _DOTS_IN_ABBREVIATION.sub(lambda found: found[0].replace(".", ""), plain)
    return " ".join(_WORDS.findall(plain))[:COMPANY_LENGTH]


def normalised_company(text: str) -> str:
    """Return what two spellings of one company share: folded, no legal form: "Kestrel Ltd." is "kestrel"."""
    words = folded_company(text).split()
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    return " ".join(words)


# ---------------------------------------------------------------- stages

OPEN_PATH = ("submitted", "accepted", "qualified", "opportunity")
FORWARD_PATH = (*OPEN_PATH, "won")
# Kinds every program has from the start, in order.
DEFAULT_KINDS = (*FORWARD_PATH, "lost", "rejected", "expired")
DEFAULT_MOVES: dict[str, tuple[str, ...]] = {
    "submitted": ("accepted", "rejected", "expired"),
    "accepted": ("qualified", "opportunity", "won", "lost", "expired"),
    "qualified": ("opportunity", "won", "lost"),
    "opportunity": ("won", "lost"),
    # A deal that was given up may come back; a win stands, refunds undo its money.
    "lost": ("opportunity",),
    "rejected": ("accepted",),
    "expired": ("accepted",),
    "won": (),
}
# Stages that end a referral without a customer tell the partner why.
NEEDS_REASON = frozenset({"lost", "rejected"})
# Kinds that a program's editor may hold several stages of; the others mean one thing and exist once.
REPEATABLE_KINDS = frozenset({"qualified", "opportunity", "lost"})


def move_is_possible(from_kind: str, to_kind: str) -> bool:
    """Tell whether an editor may allow a move at all: nothing returns to submitted, a win is only undone by refunds."""
    return to_kind != "submitted" and from_kind != "won"


def working_days_later(start: date, days: int) -> date:
    """Return the day a number of working days (Monday to Friday) after a day; none later is the day itself."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        if day.weekday() < 5:
            days -= 1
    return day
