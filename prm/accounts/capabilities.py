"""What each role may do: one table for pages, API and tests."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Capability(StrEnum):
    """One right; a view names the one it needs."""

    # everybody who belongs to the tenant
    OWN_ACCOUNT = "own_account"
    # partner people
    PARTNER_HOME = "partner.home"
    SUBMIT_REFERRAL = "referral.submit"
    SEE_OWN_REFERRALS = "referral.see_own"
    SEE_EARNINGS = "earnings.see"
    MANAGE_TEAM = "team.manage"
    MANAGE_PAYOUT_DETAILS = "payout_details.manage"
    SIGN_AGREEMENT = "agreement.sign"
    EDIT_PROFILE = "profile.edit"
    # channel management
    SEE_DASHBOARD = "dashboard.see"
    SEE_REFERRALS = "referral.see_all"
    DECIDE_REFERRALS = "referral.decide"
    SEE_PARTNERS = "partner.see"
    EDIT_PARTNERS = "partner.edit"
    DECIDE_APPLICATIONS = "application.decide"
    VIEW_AS_PARTNER = "partner.view_as"
    MERGE_PARTNERS = "partner.merge"
    IMPORT_REFERRALS = "referral.import"
    SEE_JOBS = "job.see"
    # finance
    SEE_MONEY = "money.see"
    RECORD_REVENUE = "revenue.record"
    PREPARE_PAYOUTS = "payout.prepare"
    APPROVE_PAYOUTS = "payout.approve"
    SETTLE_PAYOUTS = "payout.settle"
    ISSUE_STATEMENTS = "statement.issue"
    KEEP_BOOKS = "books.keep"
    # programme administration
    SEE_PROGRAMS = "program.see"
    EDIT_PROGRAMS = "program.edit"
    EDIT_TENANT = "tenant.edit"
    MANAGE_STAFF = "staff.manage"
    SEE_AUDIT = "audit.see"


class Role(models.TextChoices):
    """A role in a membership; partner roles need a partner, staff roles none."""

    PARTNER_REP = "partner_rep", _("Partner rep")
    PARTNER_ADMIN = "partner_admin", _("Partner admin")
    CHANNEL_MANAGER = "channel_manager", _("Channel manager")
    FINANCE = "finance", _("Finance")
    PROGRAM_ADMIN = "program_admin", _("Program admin")


PARTNER_ROLES = frozenset({Role.PARTNER_REP, Role.PARTNER_ADMIN})
STAFF_ROLES = frozenset({Role.CHANNEL_MANAGER, Role.FINANCE, Role.PROGRAM_ADMIN})

_REP = {
    Capability.OWN_ACCOUNT,
    Capability.PARTNER_HOME,
    Capability.SUBMIT_REFERRAL,
    Capability.SEE_OWN_REFERRALS,
}
_MANAGER = {
    Capability.OWN_ACCOUNT,
    Capability.SEE_DASHBOARD,
    Capability.SEE_REFERRALS,
    Capability.DECIDE_REFERRALS,
    Capability.SEE_PARTNERS,
    Capability.EDIT_PARTNERS,
    Capability.DECIDE_APPLICATIONS,
    Capability.VIEW_AS_PARTNER,
    Capability.MERGE_PARTNERS,
    Capability.IMPORT_REFERRALS,
    Capability.SEE_JOBS,
    Capability.SEE_PROGRAMS,
}
_FINANCE = {
    Capability.OWN_ACCOUNT,
    Capability.SEE_DASHBOARD,
    Capability.SEE_REFERRALS,
    Capability.SEE_PARTNERS,
    Capability.SEE_JOBS,
    Capability.SEE_PROGRAMS,
    Capability.SEE_MONEY,
    Capability.RECORD_REVENUE,
    Capability.PREPARE_PAYOUTS,
    Capability.APPROVE_PAYOUTS,
    Capability.SETTLE_PAYOUTS,
    Capability.ISSUE_STATEMENTS,
    Capability.KEEP_BOOKS,
    Capability.SEE_AUDIT,
}
CAPABILITIES: dict[str, frozenset[Capability]] = {
    Role.PARTNER_REP: frozenset(_REP),
    # A rep sees earnings only where the partner admin allows it; members.py adds it.
    Role.PARTNER_ADMIN: frozenset(
        _REP
        | {
            Capability.SEE_EARNINGS,
            Capability.MANAGE_TEAM,
            Capability.MANAGE_PAYOUT_DETAILS,
            Capability.SIGN_AGREEMENT,
            Capability.EDIT_PROFILE,
        },
    ),
    Role.CHANNEL_MANAGER: frozenset(_MANAGER),
    Role.FINANCE: frozenset(_FINANCE),
    # An admin may do everything staff can, except move money alone: payouts need two people anyway.
    Role.PROGRAM_ADMIN: frozenset(
        _MANAGER
        | _FINANCE
        | {
            Capability.EDIT_PROGRAMS,
            Capability.EDIT_TENANT,
            Capability.MANAGE_STAFF,
            Capability.SEE_AUDIT,
        },
    ),
}


def capabilities_of(roles: list[str]) -> frozenset[Capability]:
    """Return the union of what the roles may do; unknown roles give nothing."""
    return frozenset().union(*(CAPABILITIES.get(role, frozenset()) for role in roles))
