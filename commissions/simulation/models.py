"""Plans tried on the tenant's own history, and what a lead and a customer may cost."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel


class CostTargets(TenantModel):
    """What marketing pays elsewhere, to compare with: minor units of the program's currency; null asks nothing."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    lead_ceiling_minor = models.BigIntegerField(null=True, blank=True)
    customer_ceiling_minor = models.BigIntegerField(null=True, blank=True)
    # Less than this per customer, and nobody will bother to refer.
    customer_floor_minor = models.BigIntegerField(null=True, blank=True)

    class Meta:
        db_table = "commissions_cost_targets"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program"], name="cost_targets_once"),
            models.CheckConstraint(
                condition=Q(customer_floor_minor=None)
                | Q(customer_ceiling_minor=None)
                | Q(customer_floor_minor__lt=F("customer_ceiling_minor")),
                name="cost_targets_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.program_id}"


class Simulation(PublicTenantModel):
    """One version priced over the events of a span of days, beside what was in force. The result never changes."""

    program = TenantForeignKey(Program)
    # No foreign key: a draft may be thrown away, the result stays. Its rules as they were, by digest.
    version_id = models.UUIDField()
    version_number = models.IntegerField()
    terms_digest = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    # First and last day, in the tenant's zone, of the events that are counted.
    from_on = models.DateField()
    until_on = models.DateField()
    job_id = models.UUIDField(null=True, blank=True)
    # commissions.simulation.rules.Result as JSON, null while the work is going on.
    result = models.JSONField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "commissions_simulation"
        constraints = [
            models.CheckConstraint(condition=Q(until_on__gte=F("from_on")), name="simulation_span")
        ]
        indexes = [
            models.Index(
                fields=["tenant", "program", "-created_at", "-id"], name="simulation_newest"
            )
        ]

    def __str__(self) -> str:
        return f"v{self.version_number}, {self.from_on} to {self.until_on}"


class SimulatedPartner(TenantModel):
    """What one partner earned in the span under the terms in force, and would have earned; minor units."""

    id = models.BigAutoField(primary_key=True)
    simulation = TenantForeignKey(Simulation)
    partner = TenantForeignKey(Partner)
    old_minor = models.BigIntegerField()
    new_minor = models.BigIntegerField()
    difference_minor = models.BigIntegerField()

    class Meta:
        db_table = "commissions_simulated_partner"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "simulation", "partner"], name="simulated_partner_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant", "simulation", "difference_minor", "id"],
                name="simulated_partner_order",
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.difference_minor}"
