"""What the app shell shows around every page: brand, menu, person."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from prm.accounts.capabilities import Capability, Role
from prm.accounts.members import Member
from prm.web.counts import count_text, menu_numbers


@dataclass(frozen=True)
class NavItem:
    """One link of the menu; count "" shows nothing."""

    label: str
    url: str
    icon: str
    count: str = ""
    hot: bool = False
    current: bool = False
    # Behind a condition that the partner does not meet yet; the page itself names it.
    is_locked: bool = False


@dataclass(frozen=True)
class NavGroup:
    """Links under one heading; the first group has none."""

    label: str
    items: list[NavItem]


class PublicLink(NamedTuple):
    """A link below the pages of visitors; `outside` leads to the vendor's own site."""

    label: str
    url: str
    outside: bool = False


@dataclass(frozen=True)
class Shell:
    """Everything the layouts read."""

    brand_name: str
    tagline: str
    logo_url: str
    home_url: str
    initial: str
    theme: str = ""
    groups: list[NavGroup] = field(default_factory=list)
    foot_items: list[NavItem] = field(default_factory=list)
    tabs: list[NavItem] = field(default_factory=list)
    person_name: str = ""
    person_sub: str = ""
    person_initials: str = ""
    person_hue: int = 0
    account_url: str = ""
    notice_url: str = ""
    notice_count: int = 0
    switch_url: str = ""
    search_url: str = ""
    brand_version: str = ""
    # Below the pages of visitors.
    legal_name: str = ""
    public_links: list[PublicLink] = field(default_factory=list)


# Links that lead to a feature which a program may keep locked; the page answers with what is missing.
FEATURES = {
    "referrals:referral-new": "referral.submit",
    "commissions:earnings": "earnings.see",
    "partners:course-list": "courses",
}

# Pages whose address does not begin with their entry's: the entry is marked on them all the same.
BELOW = {
    "referrals:referral-list": ("/cases/",),
    "referrals:queue": (
        "/manage/duplicates/",
        "/manage/extensions/",
        "/manage/held/",
        "/manage/sharing/",
    ),
    "referrals:report-channels": ("/manage/reports/losses/",),
    "commissions:accrual-list": ("/manage/waiting-rewards/", "/manage/holds/"),
    "commissions:run-list": ("/payouts/",),
    "commissions:manage-statement-list": ("/manage/disputes/", "/statements/", "/disputes/"),
    "commissions:earnings": (
        "/statements/",
        "/disputes/",
        "/payouts/",
        "/rewards-for-people/",
        "/your-rewards/",
    ),
    "commissions:payout-details": ("/tax/",),
    "commissions:tax-form-list": ("/tax/",),
    "partners:program-list": (
        "/manage/stages/",
        "/manage/plans/",
        "/manage/exceptions/",
        "/manage/simulations/",
        "/manage/tiers/",
        "/manage/benefits/",
    ),
}

# (group, label, url name, icon, capability, path prefix that marks it current)
Entry = tuple[Any, str, str, Capability]
# Sections of a sidebar: a heading, empty for none, and its entries.
Menu = list[tuple[str, list[Entry]]]


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the shell of this request as `shell`, its tenant and member."""
    tenant, member = getattr(request, "tenant", None), getattr(request, "member", None)
    return {"shell": _shell(request, tenant, member), "tenant": tenant, "member": member}


def _shell(request: HttpRequest, tenant: Any, member: Member | None) -> Shell:
    if tenant is None:
        return Shell(
            brand_name=_("Partner portal"),
            tagline="",
            logo_url="",
            home_url="/",
            initial="P",
            theme=_theme(request),
        )
    base = Shell(
        brand_name=tenant.name,
        tagline=_("Partner management") if member and member.is_staff else _("Partner program"),
        logo_url=f"{_url('brand-logo')}?v={tenant.logo_digest}" if tenant.logo_digest else "",
        home_url=_url("start"),
        brand_version=tenant.brand_version,
        initial=tenant.name[:1].upper(),
        theme=_theme(request),
        legal_name=tenant.legal_name or tenant.name,
        public_links=_public_links(tenant),
    )
    if member is None:
        return base
    numbers = menu_numbers(request)
    path, reader = request.path_info, _reader(member)
    locked = _locked(member, numbers)
    return replace(
        base,
        groups=[
            NavGroup(label, [_item(link, path, numbers, locked) for link in links])
            for label, links in _groups(reader)
        ],
        tabs=_deepest_current([_item(link, path, numbers, locked) for link in _tabs(reader)]),
        person_name=member.name,
        person_sub=member.partner_name or ", ".join(str(Role(role).label) for role in member.roles),
        person_initials="".join(part[0] for part in member.name.split()[:2]).upper(),
        person_hue=member.user_id % 8,
        account_url=_url("account-profile"),
        notice_url=_url("notice-list"),
        notice_count=numbers.get("notice-list", 0),
        switch_url=_url("membership-list"),
        search_url=_url("search"),
    )


def _public_links(tenant: Any) -> list[PublicLink]:
    links = [PublicLink(_("Partner programs"), _url("partners:join-list"))]
    if tenant.directory_open:
        links.append(PublicLink(_("Find a partner"), _url("partners:directory")))
    if tenant.privacy_url:
        links.append(PublicLink(_("Privacy notice"), tenant.privacy_url, outside=True))
    return [link for link in links if link.url]


def _theme(request: HttpRequest) -> str:
    return getattr(getattr(request, "user", None), "theme", "") or ""


def _url(name: str) -> str:
    """Return a page's address in the request's tenant, empty while no such page is built."""
    return _address(name, get_urlconf(), get_script_prefix())


@lru_cache(maxsize=16384)
def _address(name: str, urlconf: str | None, prefix: str) -> str:
    """Return reverse(name), which is the same for every request under one prefix and costs a walk each time."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@dataclass(frozen=True)
class Link:
    """A link of the menu in one language and tenant, before anything is known of the page around it."""

    label: str
    name: str
    url: str
    icon: str
    inner: str


class Reader(NamedTuple):
    """Everything that a menu depends on."""

    is_staff: bool
    rights: frozenset[Capability]
    language: str
    urlconf: str | None
    prefix: str


def _reader(member: Member) -> Reader:
    language = get_language() or "en"
    return Reader(
        member.is_staff, member.capabilities, language, get_urlconf(), get_script_prefix()
    )


@lru_cache(maxsize=2048)
def _groups(reader: Reader) -> list[tuple[str, list[Link]]]:
    menu = STAFF_MENU() if reader.is_staff else PARTNER_MENU()
    groups = [(str(label), _links(entries, reader)) for label, entries in menu]
    return [(label, links) for label, links in groups if links]


@lru_cache(maxsize=2048)
def _tabs(reader: Reader) -> list[Link]:
    return [] if reader.is_staff else _links(partner_tabs(), reader)


def _links(entries: list[Entry], reader: Reader) -> list[Link]:
    """Return the links to pages that are built and that the person may open."""
    return [
        Link(str(label), name, url, icon, url[len(reader.prefix) - 1 :])
        for label, name, icon, right in entries
        if right in reader.rights and (url := _url(name))
    ]


def _locked(member: Member, numbers: Mapping[str, int]) -> frozenset[str]:
    """Return the features that are locked for a partner's person; asked only where something may be locked."""
    if member.partner_id is None or not numbers.get("locks"):
        return frozenset()
    from partners.onboarding.unlocks import locked_features  # noqa: PLC0415  loads with the apps

    return locked_features(
        partner_id=member.partner_id, features=set(FEATURES.values()), at=timezone.now()
    )


def _item(
    link: Link, path: str, numbers: Mapping[str, int], locked: frozenset[str] = frozenset()
) -> NavItem:
    is_locked = FEATURES.get(link.name) in locked
    exact = link.name in {"partner-home", "manage-dashboard"}
    count = numbers.get(link.name, 0)
    return NavItem(
        label=link.label,
        url=link.url,
        icon="lock" if is_locked else link.icon,
        is_locked=is_locked,
        count=count_text(count) if count else "",
        hot=numbers.get(f"{link.name} hot", 0) > 0,
        current=path == link.inner
        if exact
        else path.startswith((link.inner, *BELOW.get(link.name, ()))),
    )


def _deepest_current(items: list[NavItem]) -> list[NavItem]:
    """Leave one item current: "/referrals/new/" lies below "/referrals/", and both are tabs."""
    deepest = max((len(item.url) for item in items if item.current), default=0)
    return [replace(item, current=item.current and len(item.url) == deepest) for item in items]


def partner_tabs() -> list[Entry]:
    """The bottom bar of a partner's phone."""
    return [
        (_("Home"), "partner-home", "home", Capability.PARTNER_HOME),
        (_("Referrals"), "referrals:referral-list", "send", Capability.SEE_OWN_REFERRALS),
        (_("Refer"), "referrals:referral-new", "plus", Capability.SUBMIT_REFERRAL),
        (_("Earnings"), "commissions:earnings", "wallet", Capability.SEE_EARNINGS),
        (_("Updates"), "notice-list", "bell", Capability.OWN_ACCOUNT),
    ]


def PARTNER_MENU() -> Menu:  # noqa: N802  a menu is a constant in the reader's language
    """The partner's sidebar."""
    return [
        (
            "",
            [
                (_("Home"), "partner-home", "home", Capability.PARTNER_HOME),
                (_("Referrals"), "referrals:referral-list", "send", Capability.SEE_OWN_REFERRALS),
                (_("Share"), "referrals:share", "link", Capability.SUBMIT_REFERRAL),
                (_("Earnings"), "commissions:earnings", "wallet", Capability.SEE_EARNINGS),
            ],
        ),
        (
            _("Get going"),
            [
                (_("Onboarding"), "partners:onboarding", "flag", Capability.PARTNER_HOME),
                (_("Training"), "partners:course-list", "cap", Capability.PARTNER_HOME),
                (_("Contests"), "commissions:contests", "star", Capability.PARTNER_HOME),
                (_("Rewards"), "commissions:rewards", "trophy", Capability.SEE_EARNINGS),
            ],
        ),
        (
            _("Your company"),
            [
                (_("Profile"), "partners:profile", "person", Capability.PARTNER_HOME),
                (_("Team"), "team-list", "people", Capability.MANAGE_TEAM),
                (_("Agreement"), "partners:agreement", "file", Capability.PARTNER_HOME),
                (_("Commission terms"), "commissions:terms-list", "tag", Capability.PARTNER_HOME),
                (
                    _("Payout details"),
                    "commissions:payout-details",
                    "bank",
                    Capability.MANAGE_PAYOUT_DETAILS,
                ),
            ],
        ),
    ]


def STAFF_MENU() -> Menu:  # noqa: N802  as above
    """The vendor's sidebar; a person sees only what their roles allow."""
    return [*_business_menu(), *_office_menu()]


def _business_menu() -> Menu:
    """What brings business: the queue, partners and their referrals, who may become a partner."""
    return [
        (
            "",
            [
                (_("Dashboard"), "manage-dashboard", "chart", Capability.SEE_DASHBOARD),
                (_("To review"), "referrals:queue", "inbox", Capability.DECIDE_REFERRALS),
                (_("Cases"), "referrals:manage-case-list", "shield", Capability.DECIDE_REFERRALS),
            ],
        ),
        (
            _("Channel"),
            [
                (_("Partners"), "partners:partner-list", "people", Capability.SEE_PARTNERS),
                (
                    _("Referrals"),
                    "referrals:manage-referral-list",
                    "send",
                    Capability.SEE_REFERRALS,
                ),
                (_("Reports"), "referrals:report-channels", "chart", Capability.SEE_DASHBOARD),
                (_("Imports"), "referrals:import-list", "upload", Capability.IMPORT_REFERRALS),
            ],
        ),
        (
            _("Recruiting"),
            [
                (
                    _("Applications"),
                    "partners:application-list",
                    "file",
                    Capability.DECIDE_APPLICATIONS,
                ),
                (_("Prospects"), "partners:prospect-list", "star", Capability.DECIDE_APPLICATIONS),
                (_("Onboarding"), "partners:onboarding-overview", "flag", Capability.SEE_PARTNERS),
                (_("Training"), "partners:course-manage-list", "cap", Capability.SEE_PROGRAMS),
            ],
        ),
    ]


def _office_menu() -> Menu:
    """What follows from it, and how it is set up."""
    return [
        (
            _("Money"),
            [
                (_("Overview"), "manage-finance", "chart", Capability.SEE_MONEY),
                (_("Revenue"), "referrals:revenue-list", "tag", Capability.RECORD_REVENUE),
                (_("Commissions"), "commissions:accrual-list", "wallet", Capability.SEE_MONEY),
                (_("Payout runs"), "commissions:run-list", "bank", Capability.SEE_MONEY),
                (_("Tax forms"), "commissions:tax-form-list", "shield", Capability.SEE_MONEY),
                (
                    _("Statements"),
                    "commissions:manage-statement-list",
                    "file",
                    Capability.SEE_MONEY,
                ),
                (_("Books"), "commissions:month-list", "layers", Capability.SEE_MONEY),
            ],
        ),
        (
            _("Program"),
            [
                (
                    _("Programs and plans"),
                    "partners:program-list",
                    "layers",
                    Capability.SEE_PROGRAMS,
                ),
                (_("Contests"), "commissions:contest-list", "star", Capability.SEE_PROGRAMS),
                (_("Rewards"), "commissions:gift-award-list", "trophy", Capability.SEE_PROGRAMS),
                (_("Staff"), "staff-list", "person", Capability.MANAGE_STAFF),
                (_("Settings"), "tenant-settings", "sliders", Capability.EDIT_TENANT),
                (_("Jobs"), "job-list", "refresh", Capability.SEE_JOBS),
                (_("Audit log"), "audit-list", "history", Capability.SEE_AUDIT),
            ],
        ),
    ]
