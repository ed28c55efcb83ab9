"""Domains of companies, read from web and email addresses; pure."""

import re
import unicodedata
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
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
# What needs no parsing: nearly every address of a file of a hundred thousand.
_PLAIN_HOST = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")


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
    if not plain:
        return ""
    if _EMAIL.fullmatch(plain):
        plain = plain.rpartition("@")[2]
    if _PLAIN_HOST.fullmatch(plain):
        return plain.removeprefix("www.")
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
    if ":" not in host and not host[-1].isdigit():
        return False
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
