"""Believable vendors of any size, written set-based: partners, referrals, their stages, customers, payments, and the books."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from commissions.plans.services import PlanTerms, RuleTerms, create_version, publish_version
from partners.programs.services import create_program
from prm.accounts.capabilities import Role
from prm.accounts.models import Membership, User
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from prm.tenancy.services import create_tenant
from referrals.pipeline.services import ensure_stages
from tests.bench.arena import Arena

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LONG_AGO = datetime(2023, 1, 1, tzinfo=UTC)
TABLES = (
    "partners_partner",
    "partners_enrollment",
    "commissions_payout_account",
    "referrals_referral",
    "referrals_stage_change",
    "referrals_customer",
    "referrals_revenue_event",
)
BOOKS = (
    "commissions_release",
    "commissions_accrual",
    "commissions_transfer",
    "commissions_balance",
    "commissions_account",
    "prm_queued_event",
    "prm_event",
)


@dataclass(frozen=True)
class Vendor:
    """A tenant of one size; its largest partner brings three tenths of all referrals."""

    size: int
    tenant_id: int
    slug: str
    program_id: UUID
    partner_id: UUID
    partner_count: int
    partner_admin: User
    manager: User
    finance: User


PLAN = (RuleTerms("revenue", "percent", rate=Decimal("0.2"), scope="lifetime"),)


def make_vendor(
    arena: Arena,
    size: int,
    *,
    slug: str = "",
    partner_count: int = 0,
    rules: tuple[RuleTerms, ...] = PLAN,
) -> Vendor:
    """Make a tenant with `size` referrals and as many payments, all of which are still to be accrued."""
    slug = slug or f"vendor-{size}"
    tenant = create_tenant(slug=slug, name=f"Vendor {size:,}", time_zone="Europe/Amsterdam")
    with tenant_scope(tenant.id):
        program = create_program(
            name="Referral partners", slug="referral", currency="EUR", actor=SYSTEM, at=LONG_AGO
        )
        ensure_stages(program_id=program.id)
        draft = create_version(
            program_id=program.id,
            terms=PlanTerms(
                rules,
                hold_days=30,
                minimum_payout_minor=5_000,
            ),
            starts_at=LONG_AGO,
            actor=SYSTEM,
            at=LONG_AGO,
        )
        publish_version(version_id=draft.id, actor=SYSTEM, at=LONG_AGO)
    partner_count = partner_count or max(5, size // 50)
    values: dict[str, Any] = {
        "tenant": tenant.id,
        "program": program.id,
        "size": size,
        "partners": partner_count,
        "now": NOW,
    }
    arena.ask("select setseed(0.42)")
    for table, statement in (
        ("partners_partner", _PARTNERS),
        ("partners_enrollment", _ENROLLMENTS),
        ("commissions_payout_account", _PAYOUT_ACCOUNTS),
    ):
        _fill(arena, table, statement, values)
    partner_id = arena.ask(
        "select id from partners_partner where tenant_id = %(tenant)s and name like '%% 00001'",
        **values,
    )
    people = {
        role: _person(
            tenant.id,
            role,
            f"{role}@{slug}.example",
            partner_id if role == Role.PARTNER_ADMIN else None,
        )
        for role in (Role.PARTNER_ADMIN, Role.CHANNEL_MANAGER, Role.FINANCE)
    }
    values["rep"] = people[Role.PARTNER_ADMIN].id
    values["owner"] = people[Role.CHANNEL_MANAGER].id
    for table, statement in (
        ("referrals_referral", _REFERRALS),
        ("referrals_stage_change", _STAGE_CHANGES),
        ("referrals_customer", _CUSTOMERS),
        ("referrals_revenue_event", _PAYMENTS),
    ):
        _fill(arena, table, statement, values)
    return Vendor(
        size,
        tenant.id,
        slug,
        program.id,
        partner_id,
        partner_count,
        people[Role.PARTNER_ADMIN],
        people[Role.CHANNEL_MANAGER],
        people[Role.FINANCE],
    )


def _fill(arena: Arena, table: str, statement: str, values: dict[str, Any]) -> None:
    """Run a statement and learn what it wrote: without statistics the next one joins a million rows one by one."""
    arena.run(statement, **values)
    arena.run(f"analyze {table}")


def _person(tenant_id: int, role: Role, email: str, partner_id: UUID | None) -> User:
    user = User.objects.create(
        email=email, name=str(role.label), password="!", time_zone="Europe/Amsterdam"
    )
    name = "The largest partner" if partner_id else ""
    Membership.objects.create(
        tenant_id=tenant_id, user=user, roles=[role], partner_id=partner_id, partner_name=name
    )
    return user


def accrue_all(arena: Arena, vendor: Vendor) -> None:
    """Write the books as after an accrual of every payment."""
    values = {"tenant": vendor.tenant_id, "now": NOW}
    for statement in ACCRUAL:
        arena.run(statement, **values)


def release_all(arena: Arena, vendor: Vendor) -> None:
    """Write the books as after the end of every hold: everything is payable."""
    values = {"tenant": vendor.tenant_id, "now": NOW}
    for table, statement in (
        ("commissions_account", _OPEN_PAYABLE),
        ("commissions_transfer", _RELEASE),
        ("commissions_balance", _MOVE_BALANCES),
    ):
        _fill(arena, table, statement, values)


def forget_books(arena: Arena, *tenant_ids: int) -> None:
    """Take the books of some tenants back to nothing, and leave the tables as autovacuum would."""
    for table in BOOKS:
        arena.run(
            f"delete from {table} where tenant_id = any(%(tenants)s)", tenants=list(tenant_ids)
        )
    arena.tidy(*BOOKS)


_WORDS = """(array['North','River','Stone','Cedar','Harbor','Summit','Maple','Silver','Copper','Meadow','Falcon','Orchard','Lantern','Granite',
 'Willow','Beacon','Compass','Anchor','Juniper','Prairie','Crescent','Bramble','Hazel','Foundry'])[1 + floor(random() * 24)::int]"""
_TRADES = """(array['Logistics','Software','Clinics','Foods','Energy','Retail','Partners','Systems','Legal','Studio','Travel','Motors','Finance',
 'Media','Farms','Textiles','Pharma','Robotics','Homes','Schools','Marine','Optics','Analytics','Security'])[1 + floor(random() * 24)::int]"""
_COUNTRY = (
    "(array['IT','DE','FR','NL','ES','IE','AT','SE','US','GB'])[1 + floor(random() * 10)::int]"
)

_PARTNERS = f"""
insert into partners_partner (id, tenant_id, name, name_norm, type, segment, state, state_reason, legal_name, address, country, website,
                              domain, tax_number, created_at)
select uuidv7(s.since - now()), %(tenant)s, s.name, lower(s.name), 'referral', 'Mid-market', 'active', '', s.name || ' B.V.', 'Keizersgracht 12' || chr(10) || 'Amsterdam',
       s.country, 'https://' || s.domain, s.domain, 'NL' || (800000000 + s.i), s.since
  from (select i, {_WORDS} || ' ' || {_TRADES} || ' ' || lpad(i::text, 5, '0') as name, 'p' || i || '.example' as domain, {_COUNTRY} as country,
               %(now)s::timestamptz - interval '3 years' - i * interval '1 minute' as since
          from generate_series(1, %(partners)s) i) s
"""

_ENROLLMENTS = """
insert into partners_enrollment (tenant_id, partner_id, program_id, state, since)
select tenant_id, id, %(program)s, 'active', created_at from partners_partner where tenant_id = %(tenant)s
"""

_PAYOUT_ACCOUNTS = """
insert into commissions_payout_account (tenant_id, partner_id, method, holder, number, masked, number_digest, bic, country, changed_at)
select tenant_id, id, 'sepa', legal_name, 'sealed', 'NL •• ' || right(name, 4), encode(sha256(id::text::bytea), 'hex'), 'ABNANL2A', 'NL', created_at
  from partners_partner where tenant_id = %(tenant)s
"""

# Every fifth is won, so that five payments per customer make as many payments as referrals.
_REFERRALS = f"""
with partner as (
  select array_agg(id order by name) as ids from (select id, right(name, 5) as name from partners_partner where tenant_id = %(tenant)s) x
), stage as (
  select jsonb_object_agg(kind, id) as of_kind from referrals_stage where tenant_id = %(tenant)s and program_id = %(program)s
), made as (
  select i,
         %(now)s::timestamptz - interval '150 days' - (%(size)s - i) * (interval '900 days' / %(size)s) as at,
         case when i %% 10 < 3 then 1 else 1 + floor(%(partners)s * random() * random())::int end as partner_no,
         case when i %% 5 = 0 then 'won' else (array['submitted','accepted','qualified','qualified','opportunity','opportunity','lost','lost','lost','lost',
              'rejected','rejected','rejected','expired'])[1 + floor(random() * 14)::int] end as kind,
         {_WORDS} || ' ' || {_TRADES} as name, {_COUNTRY} as country, (5 + floor(random() * 495)::int) * 1000 as deal
    from generate_series(1, %(size)s) i offset 0
)
insert into referrals_referral (id, tenant_id, number, submitted_by_name, company, company_norm, website, domain, country, contact_name, contact_title,
       contact_email, email_norm, contact_phone, context, consent, custom, product, stage_kind, stage_entered_at, registered_at, decided_at, closed_at,
       protected_until, deal_minor, currency, next_step, next_step_on, duplicate_of, external_id, created_at, owner_id, partner_id, program_id,
       submitted_by_id, stage_id)
select uuidv7(m.at - now()), %(tenant)s, 'R-' || extract(year from m.at)::int || '-' || lpad(i::text, 6, '0'), case when partner_no = 1 then '' else 'Sales team' end,
       m.name || ' ' || i, lower(m.name) || ' ' || i, 'https://www.c' || i || '.example', 'c' || i || '.example', m.country, 'Robin de Vries', 'Head of operations',
       'robin@c' || i || '.example', 'robin@c' || i || '.example', '+31 20 555 ' || lpad((i %% 10000)::text, 4, '0'),
       'They asked for a demo after the trade fair and want to start in spring.', true, '{{"seats": 40}}', 'Growth', m.kind, m.at + interval '40 days', m.at,
       case when m.kind <> 'submitted' then m.at + interval '2 days' end,
       case when m.kind in ('won', 'lost', 'rejected', 'expired') then m.at + interval '40 days' end, m.at + interval '90 days',
       case when m.kind in ('won', 'opportunity') then m.deal end, 'EUR',
       case when m.kind in ('qualified', 'opportunity') then 'Send the proposal' else '' end, case when m.kind in ('qualified', 'opportunity') then (m.at + interval '60 days')::date end,
       '', '', m.at, %(owner)s, p.ids[m.partner_no], %(program)s, case when m.partner_no = 1 then %(rep)s::bigint end, (s.of_kind ->> m.kind)::bigint
  from made m cross join partner p cross join stage s order by i
"""

_STAGE_CHANGES = """
with path (kind, step, from_kind, to_kind) as (values
  ('submitted', 0, '', 'submitted'),
  ('accepted', 0, '', 'submitted'), ('accepted', 1, 'submitted', 'accepted'),
  ('qualified', 0, '', 'submitted'), ('qualified', 1, 'submitted', 'accepted'), ('qualified', 2, 'accepted', 'qualified'),
  ('opportunity', 0, '', 'submitted'), ('opportunity', 1, 'submitted', 'accepted'), ('opportunity', 2, 'accepted', 'qualified'),
  ('opportunity', 3, 'qualified', 'opportunity'),
  ('won', 0, '', 'submitted'), ('won', 1, 'submitted', 'accepted'), ('won', 2, 'accepted', 'qualified'),
  ('won', 3, 'qualified', 'opportunity'), ('won', 4, 'opportunity', 'won'),
  ('lost', 0, '', 'submitted'), ('lost', 1, 'submitted', 'accepted'), ('lost', 2, 'accepted', 'lost'),
  ('rejected', 0, '', 'submitted'), ('rejected', 1, 'submitted', 'rejected'),
  ('expired', 0, '', 'submitted'), ('expired', 1, 'submitted', 'expired'))
insert into referrals_stage_change (tenant_id, referral_id, partner_id, from_stage_id, to_stage_id, from_kind, to_kind, at, actor_id, reason, deal_minor)
select r.tenant_id, r.id, r.partner_id, f.id, t.id, p.from_kind, p.to_kind, r.registered_at + p.step * interval '10 days',
       case when p.step = 0 then r.submitted_by_id else %(owner)s::bigint end, case when p.to_kind in ('lost', 'rejected') then 'They chose another product.' else '' end,
       case when p.to_kind = 'won' then r.deal_minor end
  from referrals_referral r
  join path p on p.kind = r.stage_kind
  join referrals_stage t on t.tenant_id = r.tenant_id and t.program_id = r.program_id and t.kind = p.to_kind
  left join referrals_stage f on f.tenant_id = r.tenant_id and f.program_id = r.program_id and f.kind = p.from_kind
 where r.tenant_id = %(tenant)s order by r.registered_at, p.step
"""

_CUSTOMERS = """
insert into referrals_customer (tenant_id, referral_id, partner_id, name, domain, email_norm, external_id, since, payment_count)
select tenant_id, id, partner_id, company, domain, email_norm, '', closed_at, 5
  from referrals_referral where tenant_id = %(tenant)s and stage_kind = 'won' order by registered_at
"""

_PAYMENTS = """
insert into referrals_revenue_event (id, tenant_id, external_id, kind, customer_id, referral_id, partner_id, amount_minor, currency, booked_at, booked_on,
       refunded_minor, payment_no, source, note)
select uuidv7(x.at - now()), x.tenant_id, case when x.no = 1 then 'won:' else 'INV-' || x.no || '-' end || x.number, case when x.no = 1 then 'sale' else 'renewal' end,
       x.customer_id, x.referral_id, x.partner_id, x.deal_minor + (x.no - 1) * 35, 'EUR', x.at, (x.at at time zone 'Europe/Amsterdam')::date,
       0, x.no, case when x.no = 1 then 'won' else 'csv' end, ''
  from (select c.tenant_id, c.id as customer_id, c.referral_id, c.partner_id, r.number, r.deal_minor, n as no, c.since + (n - 1) * interval '15 days' as at
          from referrals_customer c
          join referrals_referral r on r.tenant_id = c.tenant_id and r.id = c.referral_id
          cross join generate_series(1, 5) n
         where c.tenant_id = %(tenant)s offset 0) x
 order by x.at
"""

# ---------------------------------------------------------------- the least work that writes the same books

# A fifth of a whole number never ends in a half, so that round() and the product's half-even agree.
PRICED = """
create temp table priced as
select e.id, e.referral_id, e.partner_id, e.amount_minor as base_minor, e.currency, e.booked_at, e.booked_on, e.payment_no, v.id as version_id, v.number,
       v.hold_days, u.id as rule_id, u.rate, u.label, u.scope, round(e.amount_minor * u.rate)::bigint as amount_minor, t.time_zone,
       'accrual:revenue:' || e.id || ':' || u.id as key
  from referrals_revenue_event e
  join prm_tenant t on t.id = e.tenant_id
  join referrals_referral r on r.tenant_id = e.tenant_id and r.id = e.referral_id
  join commissions_plan_version v on v.tenant_id = r.tenant_id and v.program_id = r.program_id and v.published_at is not null
                                 and v.starts_at <= r.registered_at and (v.ends_at is null or v.ends_at > r.registered_at)
  join commissions_plan_rule u on u.tenant_id = v.tenant_id and u.version_id = v.id and u.trigger = 'revenue'
 where e.tenant_id = %(tenant)s and e.kind in ('sale', 'renewal', 'expansion')
   and not exists (select from commissions_accrual a where a.tenant_id = e.tenant_id and a.source_kind = 'revenue' and a.source_id = e.id)
"""

OPEN_ACCOUNTS = """
insert into commissions_account (tenant_id, kind, partner_id, currency)
select distinct %(tenant)s::bigint, k.kind, case when k.kind = 'pending' then p.partner_id end, p.currency
  from priced p cross join (values ('pending'), ('commission_expense')) k (kind)
on conflict do nothing
"""

# What was opened just now is in no statistics: joined as it is, every payment was compared with every account.
OPENED = """
create temp table opened as
select id, kind, partner_id, currency from commissions_account
 where tenant_id = %(tenant)s and kind in ('pending', 'commission_expense')
"""

ACCRUE = """
with posted as (
  insert into commissions_transfer (tenant_id, kind, key, journal, debit_account_id, credit_account_id, amount_minor, currency, partner_id,
                                    booked_at, booked_on, period)
  select %(tenant)s, 'accrual', p.key, 'revenue:' || p.id, d.id, c.id, p.amount_minor, p.currency, p.partner_id, %(now)s, day.day,
         extract(year from day.day)::int * 100 + extract(month from day.day)::int
    from priced p
    join opened d on d.kind = 'commission_expense' and d.currency = p.currency
    join opened c on c.kind = 'pending' and c.currency = p.currency and c.partner_id = p.partner_id
    cross join lateral (select (%(now)s::timestamptz at time zone p.time_zone)::date as day) day
   order by p.id
  on conflict (tenant_id, key) do nothing
  returning id, key, debit_account_id, credit_account_id, amount_minor
), accrued as (
  insert into commissions_accrual (tenant_id, partner_id, source_kind, source_id, referral_id, revenue_event_id, version_id, rule_id, amount_minor, currency,
                                   clawed_minor, earned_at, earned_on, payable_at, transfer_id, trace)
  select %(tenant)s, p.partner_id, 'revenue', p.id, p.referral_id, p.id, p.version_id, p.rule_id, p.amount_minor, p.currency, 0, p.booked_at, p.booked_on,
         (p.booked_on + p.hold_days)::timestamp at time zone p.time_zone, t.id,
         jsonb_build_object('version_id', p.version_id, 'version_number', p.number, 'rule_id', p.rule_id, 'trigger', 'revenue', 'reward', 'percent',
           'base_minor', p.base_minor, 'currency', p.currency, 'amount_minor', p.amount_minor, 'rate', p.rate::text, 'label', p.label, 'scope', p.scope,
           'months', null, 'payment_no', p.payment_no, 'first_paid_on', '', 'hold_days', p.hold_days, 'rounding', 'half-even')
    from priced p join posted t using (key)
  returning id, partner_id, referral_id, amount_minor, currency
), told as (
  insert into prm_event (tenant_id, name, subject, partner_id, actor_kind, at, payload, changes, request_id)
  select %(tenant)s, 'commission.earned', 'accrual:' || id, partner_id, 'system', %(now)s,
         jsonb_build_object('accrual_id', id, 'referral_id', referral_id, 'partner_id', partner_id, 'amount_minor', amount_minor, 'currency', currency), '{}', ''
    from accrued
), moved as (
  select account_id, sum(debit) as debits, sum(credit) as credits
    from (select debit_account_id as account_id, amount_minor as debit, 0::bigint as credit from posted
          union all select credit_account_id, 0::bigint, amount_minor from posted) sides
   group by account_id
)
insert into commissions_balance as b (tenant_id, id, debits_minor, credits_minor)
select %(tenant)s, account_id, debits, credits from moved order by account_id
on conflict (tenant_id, id) do update set debits_minor = b.debits_minor + excluded.debits_minor, credits_minor = b.credits_minor + excluded.credits_minor
"""

ACCRUAL = (
    "drop table if exists priced, opened",
    PRICED,
    "analyze priced",
    OPEN_ACCOUNTS,
    OPENED,
    "analyze opened",
    ACCRUE,
)

_OPEN_PAYABLE = """
insert into commissions_account (tenant_id, kind, partner_id, currency)
select tenant_id, 'payable', partner_id, currency from commissions_account where tenant_id = %(tenant)s and kind = 'pending' on conflict do nothing
"""

_RELEASE = """
with posted as (
  insert into commissions_transfer (tenant_id, kind, key, journal, debit_account_id, credit_account_id, amount_minor, currency, partner_id, booked_at, booked_on, period)
  select a.tenant_id, 'release', 'release:' || a.id, 'accrual:' || a.id, d.id, c.id, a.amount_minor, a.currency, a.partner_id, %(now)s,
         %(now)s::timestamptz::date, 202611
    from commissions_accrual a
    join commissions_account d on d.tenant_id = a.tenant_id and d.kind = 'pending' and d.partner_id = a.partner_id and d.currency = a.currency
    join commissions_account c on c.tenant_id = a.tenant_id and c.kind = 'payable' and c.partner_id = a.partner_id and c.currency = a.currency
   where a.tenant_id = %(tenant)s order by a.id
  returning tenant_id, id, journal, partner_id, amount_minor
)
insert into commissions_release (tenant_id, accrual_id, partner_id, transfer_id, amount_minor, at)
select tenant_id, substr(journal, 9)::bigint, partner_id, id, amount_minor, %(now)s from posted
"""

_MOVE_BALANCES = """
insert into commissions_balance as b (tenant_id, id, debits_minor, credits_minor)
select %(tenant)s, account_id, sum(debit), sum(credit)
  from (select debit_account_id as account_id, amount_minor as debit, 0::bigint as credit from commissions_transfer where tenant_id = %(tenant)s
        union all select credit_account_id, 0::bigint, amount_minor from commissions_transfer where tenant_id = %(tenant)s) sides
 group by account_id
on conflict (tenant_id, id) do update set debits_minor = excluded.debits_minor, credits_minor = excluded.credits_minor
"""
