"""The work of a simulation: one partner's history after another."""

from collections import defaultdict
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.accruals.histories import History
from commissions.overrides.selectors import overrides_of
from commissions.plans.models import PlanVersion
from commissions.plans.selectors import published_terms, version_terms
from commissions.simulation.models import SimulatedPartner, Simulation
from commissions.simulation.replaying import Replayed, Span, replay
from commissions.simulation.rules import Result
from commissions.simulation.selectors import (
    costs_beside,
    digest_of_terms,
    partners_with_history,
)
from prm.accounts.capabilities import Capability
from prm.jobs.runners import JobFailed, Progress, runner

CHUNK = 20
NAMED = 20


@runner(
    "plans.simulate",
    label=gettext_lazy("Try a plan on the history"),
    capability=Capability.EDIT_PROGRAMS,
    unit=gettext_lazy("partners"),
    onward=gettext_lazy("See the result"),
)
def run_simulation(progress: Progress) -> None:
    """Replay partner by partner, committing a few at a time; a killed run goes on where it was."""
    simulation_id = UUID(progress.params["simulation_id"])
    result = Result.from_json(progress.checkpoint.get("result") or {})
    after = UUID(progress.checkpoint["after"]) if progress.checkpoint.get("after") else None
    done = progress.checkpoint.get("done", 0)
    while not progress.should_stop():
        with progress.scope():
            simulation = Simulation.objects.get(id=simulation_id)
            ids = partners_with_history(simulation.program_id, after=after, limit=CHUNK)
            _replay_partners(simulation, ids, result)
            done += len(ids)
            after = ids[-1] if ids else after
            progress.save_checkpoint(
                {"after": str(after or ""), "done": done, "result": result.as_json()}
            )
            if len(ids) < CHUNK:
                _finish(simulation, result)
        progress.advance(done)
        if len(ids) < CHUNK:
            progress.finish({"partners": result.partners, "events": result.events})
            return


def _replay_partners(simulation: Simulation, ids: list[UUID], result: Result) -> None:
    program_id = simulation.program_id
    version = PlanVersion.objects.filter(id=simulation.version_id).first()
    if version is None:
        raise JobFailed(_("The draft was thrown away"))
    draft = version_terms(version)
    if digest_of_terms(draft) != simulation.terms_digest:
        raise JobFailed(_("The draft was changed meanwhile. Try it again."))
    terms = published_terms([program_id]).get(program_id, [])
    overrides = overrides_of([program_id])
    span = Span(simulation.from_on, simulation.until_on)
    for partner_id in ids:
        replayed = replay(
            History(partner_id, program_id, frozenset()),
            terms=terms,
            overrides=overrides.get((program_id, partner_id), []),
            draft=draft,
            span=span,
        )
        _add(simulation, result, replayed)


def _add(simulation: Simulation, result: Result, replayed: Replayed) -> None:
    result.booked_minor += replayed.booked_minor
    result.events += replayed.events
    result.skipped += replayed.skipped
    result.old_things_minor += replayed.old_things_minor
    result.new_things_minor += replayed.new_things_minor
    result.differing_count += len(replayed.differing)
    result.differing = [*result.differing, *replayed.differing][:NAMED]
    sums: dict[UUID, list[int]] = defaultdict(lambda: [0, 0])
    for place, amounts in enumerate((replayed.old, replayed.new)):
        for (partner_id, month), minor in amounts.items():
            sums[partner_id][place] += minor
            result.months.setdefault(month, [0, 0])[place] += minor
    result.old_minor += sum(old for old, _new in sums.values())
    result.new_minor += sum(new for _old, new in sums.values())
    for partner_id, (old, new) in sums.items():
        # A partner may earn by shares of others' referrals too: what came before is added to.
        row, _made = SimulatedPartner.objects.get_or_create(
            simulation_id=simulation.id,
            partner_id=partner_id,
            defaults={"old_minor": 0, "new_minor": 0, "difference_minor": 0},
        )
        row.old_minor += old
        row.new_minor += new
        row.difference_minor = row.new_minor - row.old_minor
        row.save(update_fields=["old_minor", "new_minor", "difference_minor"])


def _finish(simulation: Simulation, result: Result) -> None:
    rows = SimulatedPartner.objects.filter(simulation_id=simulation.id)
    result.partners = rows.count()
    result.winners = rows.filter(difference_minor__gt=0).count()
    result.losers = rows.filter(difference_minor__lt=0).count()
    result.months = dict(sorted(result.months.items()))
    span = Span(simulation.from_on, simulation.until_on)
    for name, value in costs_beside(simulation.program_id, simulation.currency, span).items():
        setattr(result, name, value)
    simulation.result, simulation.done_at = result.as_json(), timezone.now()
    simulation.save(update_fields=["result", "done_at"])
