"""Try a version on the history, and keep what leads and customers may cost."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from commissions.plans.models import PlanVersion
from commissions.plans.selectors import version_terms
from commissions.simulation.models import CostTargets, Simulation
from commissions.simulation.replaying import Span
from commissions.simulation.rules import Targets
from commissions.simulation.selectors import digest_of_terms, targets_of
from partners.programs.models import Program
from prm.events.services import Actor, emit
from prm.jobs.services import start_job


@transaction.atomic
def simulate(*, version_id: UUID, span: Span, actor: Actor, at: datetime) -> Simulation:
    """Price the span's events under a version as a task; what is in force is replayed beside it.

    The version may be a draft: it is tried as it is when the task runs, and the result says so if it changed since.
    Nothing is booked. Raises PlanVersion.DoesNotExist. Emits plan.simulated.
    """
    version = PlanVersion.objects.select_related("program").get(id=version_id)
    simulation = Simulation.objects.create(
        program_id=version.program_id,
        version_id=version.id,
        version_number=version.number,
        terms_digest=digest_of_terms(version_terms(version)),
        currency=version.currency,
        from_on=span.first,
        until_on=span.last,
        created_by_id=actor.user_id,
        created_at=at,
    )
    job = start_job(
        kind="plans.simulate",
        params={"simulation_id": str(simulation.id)},
        back_path=f"manage/simulations/{simulation.id}/",
        actor=actor,
        at=at,
    )
    simulation.job_id = job.id
    simulation.save(update_fields=["job_id"])
    emit(
        "plan.simulated",
        subject=f"program:{version.program_id}",
        actor=actor,
        payload={"simulation_id": str(simulation.id), "number": version.number},
        at=at,
        queue=False,
    )
    return simulation


@transaction.atomic
def set_targets(*, program_id: UUID, targets: Targets, actor: Actor, at: datetime) -> Targets:
    """Keep what a lead and a customer of a program may cost, in minor units of its currency. A repeat writes nothing.

    Emits program.cost_targets_set with before and after.
    """
    Program.objects.select_for_update(no_key=True).only("id").get(id=program_id)
    before = targets_of(program_id)
    if before == targets:
        return targets
    CostTargets.objects.update_or_create(
        program_id=program_id,
        defaults={
            "lead_ceiling_minor": targets.lead_ceiling,
            "customer_ceiling_minor": targets.customer_ceiling,
            "customer_floor_minor": targets.customer_floor,
        },
    )
    old, new = before.__dict__, targets.__dict__
    emit(
        "program.cost_targets_set",
        subject=f"program:{program_id}",
        actor=actor,
        payload={"program_id": str(program_id)},
        changes={name: [old[name], new[name]] for name in new if old[name] != new[name]},
        at=at,
    )
    return targets
