"""Play the demo's year through the product's own services, day by day, each step at its own moment."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop
from zoneinfo import ZoneInfo

from django.db import connection

from partners.directory.services import change_partner_state
from prm.demo.agreements import plan_new_version
from prm.demo.answering import seed_answering
from prm.demo.applying import seed_applying
from prm.demo.asking import seed_asking
from prm.demo.books import seed_books
from prm.demo.capturing import seed_capturing
from prm.demo.cases import seed_cases
from prm.demo.cast import seed_cast
from prm.demo.claims import seed_claims
from prm.demo.contests import seed_contests
from prm.demo.deals import plan_referrals, submit
from prm.demo.gifts import seed_gifts
from prm.demo.lives import seed_lives
from prm.demo.onboarding import seed_onboarding
from prm.demo.paydays import plan_paydays, release_all
from prm.demo.paying import seed_paying
from prm.demo.profiles import seed_profiles
from prm.demo.recruiting import seed_applications
from prm.demo.refining import seed_refining
from prm.demo.sharing import seed_sharing
from prm.demo.stage import HISTORY_DAYS, Stage
from prm.demo.story import TenantStory
from prm.demo.tax import plan_tax, seed_tax
from prm.demo.terms import seed_terms
from prm.demo.tiers import seed_tiers
from prm.demo.training import seed_training
from prm.events.relay import relay_tenant
from prm.events.seals import seal_tenant
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.tenancy.services import create_tenant

# What is set up once the year has been played, in this order.
AFTERWARDS = (
    seed_training,
    seed_onboarding,
    seed_profiles,
    seed_applying,
    seed_applications,
    seed_lives,
    seed_answering,
    seed_claims,
    seed_cases,
    seed_capturing,
    seed_asking,
    seed_sharing,
    seed_tiers,
    seed_contests,
    seed_gifts,
    seed_terms,
    seed_refining,
    seed_paying,
    seed_tax,
    seed_books,
)


def seed_tenant(story: TenantStory, *, now: datetime, say: Callable[[str], None]) -> Tenant:
    """Make a tenant and play its last 365 days up to now; a tenant that exists is left alone.

    Everything goes through the services, so events, mails, accruals and statements are the real ones. Mails of the
    past are marked as sent; those of the last day really go out.
    """
    found = Tenant.objects.filter(slug=story.slug).first()
    if found:
        return found
    stage = _stage(story, now)
    first_day = stage.today - timedelta(days=HISTORY_DAYS)
    with tenant_scope(stage.tenant.id):
        seed_cast(stage, first_day)
    plan_new_version(stage)
    plan_referrals(stage, first_day)
    plan_paydays(stage, first_day)
    plan_tax(stage)
    _play(stage, now, say)
    with tenant_scope(stage.tenant.id):
        _end_of_story(stage, now)
    relay_tenant(stage.tenant.id)
    for seed in AFTERWARDS:
        with tenant_scope(stage.tenant.id):
            seed(stage, now=now)
        relay_tenant(stage.tenant.id)
    with tenant_scope(stage.tenant.id):
        # What was booked anew meanwhile may have ended its hold long ago.
        release_all(now)
    relay_tenant(stage.tenant.id)
    _mails_of_the_past(stage, now)
    seal_tenant(stage.tenant.id)
    return stage.tenant


def _stage(story: TenantStory, now: datetime) -> Stage:
    tenant = create_tenant(
        slug=story.slug,
        name=story.name,
        legal_name=story.legal_name,
        legal_address=story.legal_address,
        tax_number=story.tax_number,
        country=story.country,
        time_zone=story.time_zone,
        language=story.language,
        accent=story.accent,
        accent_foreground=story.accent_foreground,
        reply_to=story.staff[0].email,
        support_email=story.staff[0].email,
        privacy_url=f"https://{story.slug}.example/privacy",
        is_demo=True,
    )
    today = now.astimezone(ZoneInfo(story.time_zone)).date()
    return Stage(story, tenant, today, random.Random(story.seed))  # noqa: S311  a story, not a secret


def _play(stage: Stage, now: datetime, say: Callable[[str], None]) -> None:
    """Run all steps up to now in order of time, week by week: one transaction, then the handlers."""
    while stage.queue and stage.queue[0][0] < now:
        until = min(stage.queue[0][0] + timedelta(days=2), now)
        with tenant_scope(stage.tenant.id):
            while stage.queue and stage.queue[0][0] < until:
                moment, _order, step = heappop(stage.queue)
                step(moment)
        relay_tenant(stage.tenant.id)
        if until.day <= 2:
            say(f"{stage.story.name}: {until:%B %Y}")


def _end_of_story(stage: Stage, now: datetime) -> None:
    """Leave things for the reader to do, and partners in every state."""
    release_all(now)
    for story in stage.story.partners:
        if story.state != "active":
            change_partner_state(
                partner_id=stage.partners[story.name].id,
                state=story.state,
                reason="Takes a break until the new year, as agreed by phone.",
                actor=stage.manager,
                at=now - timedelta(days=30),
            )
    active = next(story for story in stage.story.partners if story.state == "active")
    for hours, company in zip((30, 52), stage.story.unanswered, strict=True):
        submit(stage, active, company, now - timedelta(hours=hours))


def _mails_of_the_past(stage: Stage, now: datetime) -> None:
    """Date what the year's mails and notices would have been, and mark them sent and read, except the last days'."""
    with tenant_scope(stage.tenant.id), connection.cursor() as cursor:
        cursor.execute(
            """
            update prm_mail m set queued_at = n.created_at, sent_at = n.created_at, attempts = 1, state = 'sent'
              from prm_notice n
             where m.key = n.key || ':' || n.user_id and n.created_at < %s""",
            [now - timedelta(days=3)],
        )
        cursor.execute(
            "update prm_notice set read_at = created_at where read_at is null and created_at < %s",
            [now - timedelta(days=6)],
        )
