"""Write an import's rows: chunk by chunk, set-based, each chunk whole or not at all, nothing twice."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from partners.directory.models import Enrollment, EnrollmentState, Partner
from partners.directory.services import add_partner, enroll
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope
from prm.tenancy.services import next_number, padded
from referrals.imports.drafts import COLUMNS, forget_drafts, lines_of
from referrals.imports.models import Import, ImportState
from referrals.imports.reading import mapping_of, setting_of
from referrals.imports.reports import commit_report, import_subject
from referrals.imports.rules import Setting
from referrals.imports.work import Work
from referrals.pipeline.promises import promised_at
from referrals.sharing.models import LinkSlug

_STAGED = """
create temporary table if not exists import_drafts (
  line int, external_id text, partner text, partner_norm text, submitted_by_name text, company text, company_norm text,
  website text, domain text, country text, contact_name text, contact_title text, contact_email text, email_norm text,
  contact_phone text, context text, custom jsonb, product text, stage_id bigint, stage_kind text,
  registered_at timestamptz, stage_at timestamptz, deal text, reason text, link text, channel text
) on commit delete rows;
create temporary table if not exists import_rows (
  line int, id uuid default uuidv7(), customer_id uuid default uuidv7(), external_id text, number text,
  partner_id uuid, submitted_by_name text, company text, company_norm text, website text, domain text, country text,
  contact_name text, contact_title text, contact_email text, email_norm text, contact_phone text, context text,
  custom jsonb, product text, stage_id bigint, stage_kind text, registered_at timestamptz, stage_at timestamptz,
  deal_minor bigint, reason text, link_id uuid, channel text
) on commit delete rows;
truncate import_drafts, import_rows
"""
# What is there already, by its id in the program or its sale in any, and all but the first of an id. The ids are given
# as arrays: a join's estimate would make it read the whole table of a large tenant for every chunk.
_TAKEN = """
delete from import_drafts d using (
  select external_id from referrals_referral
   where program_id = %(program)s and external_id = any(array(select external_id from import_drafts))
     and external_id <> '') there
 where there.external_id = d.external_id;
delete from import_drafts d using (
  select external_id from referrals_revenue_event
   where external_id = any(array(select 'import:' || external_id from import_drafts))
     and import_id is distinct from %(import)s) sold
 where sold.external_id = 'import:' || d.external_id;
delete from import_drafts d using (
  select line, row_number() over (partition by external_id order by line) as place from import_drafts) again
 where again.line = d.line and again.place > 1
"""
_PARTNERS = """
select partner_norm, (array_agg(partner order by line))[1] from import_drafts group by 1 order by min(line)
"""
_LINKS = "select distinct link from import_drafts where link <> ''"
# In the order of years, so that two commits that share years never wait for each other in a circle.
_YEARS = """
select extract(year from registered_at at time zone %(zone)s)::int, count(*) from import_drafts group by 1 order by 1
"""
_FILL = f"""
insert into import_rows (
  line, external_id, number, partner_id, submitted_by_name, company, company_norm, website, domain, country,
  contact_name, contact_title, contact_email, email_norm, contact_phone, context, custom, product, stage_id,
  stage_kind, registered_at, stage_at, deal_minor, reason, link_id, channel)
select d.line, d.external_id, 'R-' || d.year || '-' || {padded("d.number")},
  p.id, d.submitted_by_name, d.company, d.company_norm, d.website, d.domain, d.country,
  d.contact_name, d.contact_title, d.contact_email, d.email_norm, d.contact_phone, d.context, d.custom, d.product,
  d.stage_id, d.stage_kind, d.registered_at, d.stage_at, nullif(d.deal, '')::bigint, d.reason, l.id, d.channel
  from (
    select x.*, (%(first_numbers)s::jsonb ->> x.year::text)::bigint - 1
                + row_number() over (partition by x.year order by x.line) as number
      from (select import_drafts.*, extract(year from registered_at at time zone %(zone)s)::int as year
              from import_drafts) x) d
  join unnest(%(partner_norms)s::text[], %(partner_ids)s::uuid[]) as p (norm, id) on p.norm = d.partner_norm
  left join unnest(%(link_slugs)s::text[], %(link_partners)s::uuid[], %(link_ids)s::uuid[]) as l (slug, partner_id, id)
    on d.link <> '' and l.slug = d.link and l.partner_id = p.id
 order by d.line
"""  # noqa: S608  built of constants
# uuidv7 made one by one in line order keeps the file's order among rows of the same moment.
_REFERRALS = """
insert into referrals_referral (
  id, number, program_id, partner_id, submitted_by_name, company, company_norm, website, domain, country,
  contact_name,
  contact_title, contact_email, email_norm, contact_phone, context, consent, custom, product, stage_id, stage_kind,
  stage_entered_at, registered_at, queued_at, answer_due_at, decided_at, closed_at, deal_minor, currency,
  next_step, duplicate_of,
  external_id, import_id, source, link_id, channel)
select id, number, %(program)s, partner_id, submitted_by_name, company, company_norm, website, domain, country,
  contact_name,
  contact_title, contact_email, email_norm, contact_phone, context, false, custom, product, stage_id, stage_kind,
  stage_at, registered_at, case when stage_kind = 'submitted' then %(queued)s::timestamptz end,
  case when stage_kind = 'submitted' then %(due)s::timestamptz end,
  case when stage_kind <> 'submitted' then stage_at end,
  case when stage_kind in ('won', 'lost', 'rejected', 'expired') then stage_at end,
  deal_minor, %(currency)s, '', '', external_id, %(import)s,
  case when link_id is null then 'import' else 'link' end, link_id, channel
  from import_rows order by line
"""
_CHANGES = """
insert into referrals_stage_change (
  referral_id, partner_id, from_stage_id, to_stage_id, from_kind, to_kind, at, actor_id, reason, deal_minor, import_id)
select id, partner_id, from_id, to_id, from_kind, to_kind, at, %(actor)s, reason, deal, %(import)s from (
  select line, 1 as step, id, partner_id, null::bigint as from_id, %(first)s::bigint as to_id, '' as from_kind,
         'submitted' as to_kind, registered_at as at, '' as reason, null::bigint as deal from import_rows
  union all
  select line, 2, id, partner_id, %(first)s::bigint, stage_id, 'submitted', stage_kind, stage_at, reason,
         case when stage_kind = 'won' then deal_minor end
    from import_rows where stage_kind <> 'submitted'
) as steps order by line, step
"""
_CUSTOMERS = """
insert into referrals_customer (
  id, referral_id, partner_id, name, domain, email_norm, external_id, since, payment_count, import_id)
select customer_id, id, partner_id, company, domain, email_norm, '', stage_at,
  case when deal_minor > 0 then 1 else 0 end, %(import)s
  from import_rows where stage_kind = 'won' order by line
"""
_REVENUE = """
insert into referrals_revenue_event (
  external_id, kind, customer_id, referral_id, partner_id, amount_minor, currency, booked_at, booked_on, refunded_minor,
  payment_no, source, note, import_id)
select 'import:' || external_id, 'sale', customer_id, id, partner_id, deal_minor, %(currency)s, stage_at,
  (stage_at at time zone %(zone)s)::date, 0, 1, 'import', '', %(import)s
  from import_rows where stage_kind = 'won' and deal_minor > 0 order by line
"""


def commit_rows(work: Work, import_id: UUID, actor: Actor, at: datetime) -> dict[str, Any]:
    """Write every good row of a checked import, then say so once.

    at: the moment that stands for the import's date, the same for every run of the same commit. A killed run goes on
    behind its checkpoint; rows that are there already, by their external id, are never written again.
    Leaves the figures in commit_report, read from the rows. Emits partner.added, import.committed once.
    """
    with work.scope():
        source = Import.objects.select_related("program").get(id=import_id)
        setting = setting_of(source, mapping_of(source), at)
    after = int(work.checkpoint.get("line", 0))
    for line, lines in lines_of(source, setting, after=after):
        with work.scope():
            # One writer of one program's imports at a time: two files with the same ids wait here.
            _lock(source.program_id)
            _write_chunk(source, setting, lines, actor, at)
            work.advance(line, source.row_count)
            work.save_checkpoint({"line": line})
    with work.scope():
        report = _finish(import_id, setting, actor, at)
    forget_drafts(source)
    return report


def _finish(import_id: UUID, setting: Setting, actor: Actor, at: datetime) -> dict[str, Any]:
    source = (
        Import.objects.select_for_update(no_key=True, of=("self",))
        .select_related("program")
        .get(id=import_id)
    )
    if source.state == ImportState.COMMITTED:
        return dict(source.commit_report)
    source.commit_report = commit_report(source, setting.zone)
    source.state, source.committed_at = ImportState.COMMITTED, at
    source.save(update_fields=["commit_report", "state", "committed_at"])
    emit(
        "import.committed",
        subject=import_subject(import_id),
        actor=actor,
        payload={"import_id": str(import_id)},
        at=at,
    )
    return dict(source.commit_report)


def _lock(program_id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, %s))",
            [f"import:{program_id}", current_scope().tenant_id],
        )


def _write_chunk(
    source: Import, setting: Setting, lines: bytes, actor: Actor, at: datetime
) -> None:
    values: dict[str, Any] = {
        "program": source.program_id,
        "currency": setting.currency,
        "import": source.id,
        "actor": actor.user_id,
        "first": setting.stages["submitted"].id,
        "zone": setting.zone.key,
        "queued": at if setting.mapping.waiting == "queue" else None,
        "due": promised_at(source.program, at) if setting.mapping.waiting == "queue" else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STAGED)
        with cursor.copy(f"copy import_drafts ({COLUMNS}) from stdin") as copy:
            copy.write(lines)
        # How many rows there are, and how many different ids; more is not asked of them.
        cursor.execute("analyze import_drafts (line, external_id)")
        cursor.execute(_TAKEN, values)
        cursor.execute(_PARTNERS)
        partners = _partners(source, dict(cursor.fetchall()), actor, at)
        if not partners:
            return
        cursor.execute(_LINKS)
        links = _links(source, [row[0] for row in cursor.fetchall()])
        cursor.execute(_YEARS, values)
        values |= {
            "first_numbers": json.dumps(
                {
                    year: next_number(f"referral:{year}", count=count) - count + 1
                    for year, count in cursor.fetchall()
                }
            ),
            "partner_norms": list(partners.keys()),
            "partner_ids": list(partners.values()),
            "link_slugs": [slug for slug, _partner_id in links],
            "link_partners": [partner_id for _slug, partner_id in links],
            "link_ids": list(links.values()),
        }
        for statement in (_FILL, _REFERRALS, _CHANGES, _CUSTOMERS, _REVENUE):
            cursor.execute(statement, values)


def _partners(source: Import, names: dict[str, str], actor: Actor, at: datetime) -> dict[str, UUID]:
    """Return the partners of folded names, made and enrolled where they were not; names: as the file writes them."""
    found = dict(Partner.objects.filter(name_norm__in=names).values_list("name_norm", "id"))
    enrolled = set(
        Enrollment.objects.filter(
            program_id=source.program_id,
            partner_id__in=found.values(),
            state=EnrollmentState.ACTIVE,
        ).values_list("partner_id", flat=True),
    )
    for norm, name in names.items():
        if norm not in found:
            found[norm] = add_partner(
                name=name, program_ids=[source.program_id], import_id=source.id, actor=actor, at=at
            ).id
        elif found[norm] not in enrolled:
            enroll(
                partner_id=found[norm],
                program_id=source.program_id,
                import_id=source.id,
                actor=actor,
                at=at,
            )
    return found


def _links(source: Import, slugs: Sequence[str]) -> dict[tuple[str, UUID], UUID]:
    """Return the links that rows name, by address and partner; one of another partner or program is none."""
    if not slugs:
        return {}
    rows = LinkSlug.objects.filter(slug__in=slugs, link__program_id=source.program_id)
    return {
        (slug, partner_id): link_id
        for slug, partner_id, link_id in rows.values_list("slug", "link__partner_id", "link_id")
    }
