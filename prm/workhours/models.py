"""The tenant's working week and the days on which it is closed."""

from django.db import models

from prm.tenancy.models import TenantForeignKey, TenantModel


class WorkCalendar(TenantModel):
    """The working week of a tenant; without a row Monday to Friday, nine to five, no holidays."""

    id = models.BigAutoField(primary_key=True)
    # Seven entries, Monday first: [start, end] in minutes after midnight, or null on a day off.
    hours = models.JSONField()
    # Whose public holidays are days off; empty for none.
    country = models.CharField(max_length=2, blank=True)
    region = models.CharField(max_length=20, blank=True)

    class Meta:
        db_table = "prm_work_calendar"
        constraints = [models.UniqueConstraint(fields=["tenant"], name="work_calendar_once")]

    def __str__(self) -> str:
        return f"{self.country} {self.hours}"


class ClosedDay(TenantModel):
    """One day on which the tenant does not work, besides public holidays."""

    id = models.BigAutoField(primary_key=True)
    calendar = TenantForeignKey(WorkCalendar)
    day = models.DateField()
    name = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "prm_closed_day"
        constraints = [models.UniqueConstraint(fields=["tenant", "day"], name="closed_day_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
