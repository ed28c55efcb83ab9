"""The demo's claims: one near its end, more time asked, two records of one company, accounts of the CRM."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from partners.directory.models import Enrollment
from prm.demo.stage import Stage
from prm.events.services import Actor
from prm.web.exports import csv_lines
from prm.web.spreadsheets import headings_of, make_plain
from referrals.claims.accounts import places_in, put_accounts, read_rows
from referrals.claims.duplicates import note_matches
from referrals.claims.extending import ask_extension
from referrals.claims.models import Claim, ClaimExtension, CrmAccount
from referrals.claims.services import expire_claims
from referrals.intake.services import ReferralDraft, submit_referral
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral
from referrals.pipeline.selectors import stage_of_kind
from referrals.pipeline.services import change_stage

ACCOUNTS = (
    ("A-1001", "Harbour & Pine", "harbourpine.example", "GB204815162", "GB", "Niamh Walsh", "yes"),
    ("A-1002", "Ostara Clinics", "ostara-clinics.example", "", "IE", "Aoife Byrne", "no"),
    ("A-1003", "Lumen Ateliers", "lumen-ateliers.example", "FR40303265045", "FR", "", "no"),
    ("A-1004", "Cantiere Adriatico", "cantiere-adriatico.example", "", "IT", "", "yes"),
)


def seed_claims(stage: Stage, *, now: datetime) -> None:
    """Claim, ask and compare through the services, in the open scope of the tenant; a repeat does nothing."""
    if CrmAccount.objects.exists():
        return
    _accounts(now - timedelta(days=20))
    for end in (
        Claim.objects.open()
        .filter(protected_until__lte=now)
        .values_list("protected_until", flat=True)
    ):
        expire_claims(at=end)
    _near_its_end(stage, now)
    _more_time(now)
    _same_company(now)


def _accounts(at: datetime) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, plain = Path(folder) / "accounts.csv", Path(folder) / "accounts.rows.csv"
        heading = ("id", "name", "website", "tax_id", "country", "owner", "customer")
        source.write_text("".join(csv_lines(heading, ACCOUNTS)), encoding="utf-8")
        make_plain(source, plain)
        put_accounts(list(read_rows(plain, places_in(headings_of(plain)))), key=uuid4(), at=at)


def _near_its_end(stage: Stage, now: datetime) -> None:
    """Let the partner of the newest claim hold a company whose protection ends in nine days."""
    newest = Claim.objects.live(now).select_related("referral", "program").order_by("-claimed_at")
    like = newest.filter(referral__submitted_by__isnull=False).first()
    if like is None:
        return
    at = now - timedelta(days=like.program.protection_days - 9)
    referral = _sent(like.referral, "Alder & Finch", "alder-finch.example", at)
    accepted = stage_of_kind(like.program_id, "accepted")
    if referral is None or accepted is None:
        return
    later = at + timedelta(minutes=1)
    change_stage(referral_id=referral.id, to_stage_id=accepted.id, actor=stage.manager, at=later)
    ask_extension(
        referral_id=referral.id,
        evidence="Demo on 3 November with their COO; she decides after the board of 12 December.",
        upload_id=None,
        actor=Actor(user_id=like.referral.submitted_by_id),
        at=now - timedelta(hours=20),
    )


def _more_time(now: datetime) -> None:
    """Ask for more time on one claim that a person of the partner holds."""
    asked = ClaimExtension.objects.values("claim_id")
    row = (
        Claim.objects.live(now)
        .filter(referral__submitted_by__isnull=False)
        .exclude(id__in=asked)
        .select_related("referral")
        .order_by("protected_until")
        .first()
    )
    if row is not None:
        ask_extension(
            referral_id=row.referral_id,
            evidence="Offer sent on Monday, they compare it with one other vendor.",
            upload_id=None,
            actor=Actor(user_id=row.referral.submitted_by_id),
            at=now - timedelta(days=2),
        )


def _same_company(now: datetime) -> None:
    """Let another partner of the program send a company that is claimed, spelled a little otherwise."""
    held = Claim.objects.live(now).exclude(referral__domain="").select_related("referral").first()
    if held is None:
        return
    others = Enrollment.objects.filter(program_id=held.program_id, partner__state="active").exclude(
        partner_id=held.partner_id
    )
    sender = (
        Referral.objects.filter(
            partner_id__in=others.values("partner_id"),
            program_id=held.program_id,
            submitted_by__isnull=False,
        )
        .order_by("-registered_at")
        .first()
    )
    if sender is None:
        return
    referral = _sent(
        sender, f"{held.referral.company} Group", held.referral.domain, now - timedelta(hours=6)
    )
    if referral is not None:
        note_matches(referral_id=referral.id, at=now - timedelta(hours=6))


def _sent(like: Referral, company: str, domain: str, at: datetime) -> Referral | None:
    """Send a company as the partner's person who sent another one; None where the partner may not."""
    draft = ReferralDraft(
        program_id=like.program_id,
        company=company,
        contact_name="Robin Alder",
        contact_email=f"robin@{domain}",
        website=domain,
        context="Met at a trade fair; they want to change before summer.",
    )
    try:
        return submit_referral(
            draft=draft,
            partner_id=like.partner_id,
            submitted_by_id=like.submitted_by_id,
            actor=Actor(user_id=like.submitted_by_id),
            at=at,
            key=None,
        )
    except (MoveRefused, ValueError):
        return None
