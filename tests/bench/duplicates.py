"""W10: what is known of a company, as the application's role behind row-level security: exact keys, and names alike.

Half of the questions name companies that are there, half names that are only alike. Every question goes to the floor and
to the product in turns. Exact: the floor is the same look-ups as one plain statement of the same role. Names: the floor is
the same search past every policy, which is the only role whose trigram index PostgreSQL uses without a guarded function;
the note tells what the plain search costs behind the policy.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.db import connection

from prm.tenancy.scope import tenant_scope
from referrals.claims.duplicates import note_matches
from referrals.claims.rules import Facts, account_keys, tax_spellings
from referrals.claims.selectors import ENDED_KINDS, known_company, matches_of, name_is_known
from referrals.pipeline.models import Referral
from tests.bench.arena import Arena
from tests.bench.measuring import Cost, Meter, p95
from tests.bench.population import NOW, Vendor
from tests.bench.results import Report, Row

CALLS = 40
_LIVE = "stage_kind not in ('lost', 'rejected', 'expired')"
# As a function of the guard role says it: the planner knows no more of the tenant than there.
_TENANT = "(select nullif(current_setting('app.tenant_id', true), '')::bigint)"
_EXACT = f"""
select (select count(*) from referrals_referral where domain = %(domain)s and {_LIVE})
     + (select count(*) from referrals_referral where email_norm = %(email)s and {_LIVE})
     + (select count(*) from referrals_referral where tax_id_norm <> '' and tax_id_norm = any (%(taxes)s) and {_LIVE})
     + (select count(*) from referrals_customer where domain = %(domain)s or email_norm = %(email)s)
     + (select count(*) from referrals_crm_account
         where domain = %(domain)s and domain <> '' or tax_id_norm <> '' and tax_id_norm = any (%(taxes)s))
     + (select count(*) from referrals_soft_hold where account_key = any (%(keys)s) and until > %(at)s)
"""
_NAMES = f"""
select (select count(*) from referrals_referral
         where tenant_id = {_TENANT} and company_norm %% %(name)s and {_LIVE} and partner_id is distinct from %(partner)s
           and (country in ('', %(country)s) or %(country)s = '' or company_norm = %(name)s))
     + (select count(*) from referrals_crm_account where tenant_id = {_TENANT} and name_norm %% %(name)s
           and (country in ('', %(country)s) or %(country)s = '' or name_norm = %(name)s))
"""
_SAMPLE = """
select company_norm, domain, email_norm, country from referrals_referral
 where tenant_id = %(tenant)s order by md5(id::text) limit %(calls)s
"""
# Nobody has put accounts of a CRM into the arena yet: one for each fifth referral's company, under another spelling.
_ACCOUNTS = """
insert into referrals_crm_account (tenant_id, external_id, name, name_norm, website, domain, tax_id, tax_id_norm, country, owner_name,
       is_customer, imported_at, upload_key)
select tenant_id, 'A-' || number, company || ' group', company_norm || ' group', '', domain, '', '', country, '', true, now(), uuidv7()
  from referrals_referral where tenant_id = %(tenant)s and stage_kind = 'won' on conflict do nothing
"""


def run(arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int) -> None:
    """Time both questions at every size, and what staff's check costs at the largest."""
    for vendor in vendors:
        arena.run(_ACCOUNTS, tenant=vendor.tenant_id)
    arena.tidy("referrals_referral", "referrals_customer", "referrals_crm_account")
    for vendor in vendors:
        facts = _questions(arena, vendor)
        _exact(meter, report, vendor, facts, rounds)
        _similar(arena, meter, report, vendor, facts, rounds, last=vendor is vendors[-1])
    _for_staff(arena, meter, report, vendors[-1])


def _questions(arena: Arena, vendor: Vendor) -> list[Facts]:
    rows = arena.admin.execute(_SAMPLE, {"tenant": vendor.tenant_id, "calls": CALLS}).fetchall()
    there = [
        Facts(name, domain, email, "800123456", country) for name, domain, email, country in rows
    ]
    return [
        facts
        if number % 2 == 0
        # One letter less, and nothing else in common.
        else Facts(facts.name[1:], f"new{number}.example", f"a@new{number}.example", "NL8001", "NL")
        for number, facts in enumerate(there)
    ]


def _exact(meter: Meter, report: Report, vendor: Vendor, facts: list[Facts], rounds: int) -> None:
    def bare(one: Facts) -> bool:
        given: dict[str, Any] = {
            "domain": one.domain,
            "email": one.email,
            "taxes": list(tax_spellings(one.tax_id, one.country)),
            "keys": account_keys(one),
            "at": NOW,
        }
        with connection.cursor() as cursor:
            cursor.execute(_EXACT, given)
            return bool(cursor.fetchone()[0])

    # A partner that does not exist: everything known belongs to others, and both sides must agree.
    nobody = uuid4()
    with tenant_scope(vendor.tenant_id), meter.measured() as cost:
        floor, found = _in_turns(
            bare, lambda one: bool(known_company(one, nobody, NOW)), facts, rounds
        )
    _tell(report, "exact check", vendor, floor, found, cost, goal_x=3, goal_ms=3)


def _similar(
    arena: Arena,
    meter: Meter,
    report: Report,
    vendor: Vendor,
    facts: list[Facts],
    rounds: int,
    *,
    last: bool,
) -> None:
    arena.run("set pg_trgm.similarity_threshold = 0.5")
    arena.ask("select set_config('app.tenant_id', %(tenant)s, false)", tenant=str(vendor.tenant_id))

    def given(one: Facts) -> dict[str, Any]:
        return {
            "name": one.name,
            "country": one.country,
            "partner": vendor.partner_id,
        }

    def bare(one: Facts) -> bool:
        return bool(arena.ask(_NAMES, **given(one)))

    with tenant_scope(vendor.tenant_id, vendor.partner_id), meter.measured() as cost:
        floor, found = _in_turns(
            bare, lambda one: name_is_known(one, vendor.partner_id), facts, rounds
        )
    note = ""
    if last:
        with tenant_scope(vendor.tenant_id), connection.cursor() as cursor:
            cursor.execute("set local pg_trgm.similarity_threshold = 0.5")
            began = time.perf_counter()
            cursor.execute(_NAMES, given(facts[0]))
            note = f"behind the policy without the function {time.perf_counter() - began:.2f} s"
    _tell(
        report,
        "look for similar names",
        vendor,
        floor,
        found,
        cost,
        goal_x=1.3,
        goal_ms=150,
        note=note,
    )


def _for_staff(arena: Arena, meter: Meter, report: Report, vendor: Vendor) -> None:
    """What the worker does for each new referral: who else may be its company, and the pairs noted."""
    with tenant_scope(vendor.tenant_id), meter.measured() as cost:
        rows = list(Referral.objects.exclude(stage_kind__in=ENDED_KINDS).order_by("domain")[:CALLS])
        times = []
        for row in rows:
            began = time.perf_counter()
            matches_of([row], similar=True)
            times.append(time.perf_counter() - began)
        note_matches(referral_id=rows[0].id, at=NOW)
    told = Row("W10", f"p95 of who else may be a company at {vendor.size:,}", p95(times) * 1000)
    told.unit, told.others_cores = "ms", cost.others_cores
    told.note = (
        f"p50 {statistics.median(times) * 1000:.1f} ms, for the duplicate queue, in the worker"
    )
    report.add(told)


def _tell(
    report: Report,
    what: str,
    vendor: Vendor,
    floor: list[float],
    found: list[float],
    cost: Cost,
    *,
    goal_x: float,
    goal_ms: float,
    note: str = "",
) -> None:
    said = f"p50 {statistics.median(found) * 1000:.2f} ms of {len(found)}"
    limit = Row("W10", f"p95 of the {what} at {vendor.size:,}", p95(found) * 1000, "ms", goal_ms)
    ratio = statistics.median(found) / statistics.median(floor)
    beside = Row("W10", f"{what} to its statement at {vendor.size:,}", ratio, "x", goal_x)
    compared = ", ".join(filter(None, [f"p95 {p95(found) / p95(floor):.2f}x", note]))
    for row, words in ((limit, said), (beside, compared)):
        row.floor_s, row.product_s, row.note = p95(floor), p95(found), words
        row.others_cores = cost.others_cores
        report.add(row)


def _in_turns(
    floor: Callable[[Facts], bool],
    product: Callable[[Facts], bool],
    facts: list[Facts],
    rounds: int,
) -> tuple[list[float], list[float]]:
    """Return the seconds of every call of both sides, which must say the same of each company."""
    for one in facts:
        assert floor(one) == product(one), one
    sides: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for one in facts:
            works = [(floor, sides[0]), (product, sides[1])]
            for work, times in works if number % 2 == 0 else reversed(works):
                began = time.perf_counter()
                work(one)
                times.append(time.perf_counter() - began)
    return sides
