"""The demo's disputes: a case near its clock, one decided with a split, and a referral held for a person."""

from datetime import datetime, timedelta

from prm.demo.stage import Stage
from prm.events.services import Actor
from referrals.attribution.cases import gather_parties, open_case
from referrals.attribution.crediting import credit_number
from referrals.attribution.holding import assess
from referrals.attribution.models import Case, CaseParty
from referrals.attribution.services import attribute
from referrals.attribution.verdicts import Verdict, decide_case
from referrals.intake.services import ReferralDraft, submit_referral
from referrals.pipeline.models import Referral

# Company, web address, contact: two partners claim each.
OPEN_CLAIM = ("Aldermoor Hotels", "aldermoor-hotels.example", "Philippa Ward")
SPLIT_CLAIM = ("Corrigan Freight", "corrigan-freight.example", "Donal Corrigan")


def seed_cases(stage: Stage, *, now: datetime) -> None:
    """Play the three stories through the services, in the open scope of the tenant; a repeat does nothing."""
    if Case.objects.exists():
        return
    pair = _two_partners()
    if len(pair) < 2:
        return
    today = stage.at(stage.today, 9)
    _claimed(pair, OPEN_CLAIM, min(today - timedelta(days=7), now))
    case = _case(OPEN_CLAIM, pair[1], min(today - timedelta(days=6), now))
    gather_parties(case_id=case.case_id, at=min(today - timedelta(days=6), now))
    _claimed(pair, SPLIT_CLAIM, min(today - timedelta(days=30), now))
    _split(stage, pair, min(today - timedelta(days=28), now))
    _held(pair[0], min(today - timedelta(days=1), now))


def _two_partners() -> list[Referral]:
    """Return the newest referral of each of two partners that work in one program, as who sends what."""
    rows = Referral.objects.filter(submitted_by__isnull=False).select_related("partner")
    newest = rows.filter(decided_at__isnull=False).order_by("-registered_at")[:200]
    found: list[Referral] = []
    for row in newest:
        if found and row.program_id != found[0].program_id:
            continue
        if row.partner_id not in {other.partner_id for other in found}:
            found.append(row)
        if len(found) == 2:
            break
    return found


def _send(sender: Referral, claim: tuple[str, str, str], at: datetime, context: str) -> Referral:
    company, site, contact = claim
    draft = ReferralDraft(
        program_id=sender.program_id,
        company=company,
        contact_name=contact,
        contact_email=f"{contact.split()[0].lower()}@{site}",
        website=f"https://{site}",
        context=context,
        consent=True,
    )
    return submit_referral(
        draft=draft,
        partner_id=sender.partner_id,
        submitted_by_id=sender.submitted_by_id,
        actor=Actor(user_id=sender.submitted_by_id),
        at=at,
        key=None,
    )


def _claimed(pair: list[Referral], claim: tuple[str, str, str], at: datetime) -> None:
    words = ("They run on spreadsheets and want to change in spring.", "Met at a fair last year.")
    for number, (sender, context) in enumerate(zip(pair, words, strict=True)):
        moment = at + timedelta(hours=7 * number)
        row = _send(sender, claim, moment, context)
        attribute(referral_id=row.id, at=moment)


def _case(claim: tuple[str, str, str], sender: Referral, at: datetime) -> CaseParty:
    referral = Referral.objects.get(company=claim[0], partner_id=sender.partner_id)
    return open_case(
        referral_id=referral.id,
        partner_id=sender.partner_id,
        text="Our first meeting with them was in March, long before this list was sent.",
        actor=Actor(user_id=sender.submitted_by_id),
        at=at,
    )


def _split(stage: Stage, pair: list[Referral], at: datetime) -> None:
    case = _case(SPLIT_CLAIM, pair[1], at)
    parties = gather_parties(case_id=case.case_id, at=at)
    words = "Both of you brought them here: one made the contact, the other the evaluation."
    subject = Case.objects.get(id=case.case_id).subject_id
    verdict = Verdict(
        outcome="split",
        rule="split",
        words={party.partner_id: words for party in parties},
        credits=[
            (pair[0].partner_id, "source", 6_000),
            (pair[1].partner_id, "source", 4_000),
        ],
        seen_number=credit_number(subject) if subject else None,
    )
    decide_case(
        case_id=case.case_id, verdict=verdict, actor=stage.manager, at=at + timedelta(days=2)
    )


def _held(sender: Referral, at: datetime) -> None:
    """Send a company of the partner's own name, which is a sign of its own business."""
    name = sender.partner.name
    site = f"{name.split()[0].lower()}-retail.example"
    row = _send(sender, (name, site, "Orla Byrne"), at, "Our own shops would like to use it too.")
    assess(referral_id=row.id, at=at)
