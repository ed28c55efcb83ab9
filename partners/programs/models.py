"""Programs: the terms under which one kind of partner works."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prm.tenancy.models import PublicTenantModel


class SuccessMetric(models.TextChoices):
    """The number by which a program is judged."""

    PARTNERS = "partners", _("Active partners")
    REFERRALS = "referrals", _("Referrals submitted")
    WON = "won", _("Referrals won")
    REVENUE = "revenue", _("Revenue")


class Program(PublicTenantModel):
    """Terms for one kind of partner: own questions on the referral form, protection days."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60)
    summary = models.TextField(blank=True)
    # What the program is to achieve, for the vendor's own people; the number it is judged by, and how much a year
    # (a count, or minor units of `currency`).
    objective = models.TextField(blank=True, default="", db_default="")
    metric = models.CharField(
        max_length=10, choices=SuccessMetric.choices, blank=True, default="", db_default=""
    )
    metric_target = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    # The program's own questions, in the form that rules.checked_fields returns.
    custom_fields = models.JSONField(default=list, blank=True)
    # Days for which an accepted referral belongs to its partner alone.
    protection_days = models.IntegerField(default=90)
    # Business hours within which the vendor promises a first answer (prm.workhours).
    answer_hours = models.IntegerField(default=16)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "partners_program"
        constraints = [models.UniqueConstraint(fields=["tenant", "slug"], name="program_slug_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether it takes referrals."""
        return self.closed_at is None


class CustomFieldType(models.TextChoices):
    """What a program's own question on the referral form takes."""

    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    DATE = "date", _("Date")
    CHOICE = "choice", _("One of a list")
    YES_NO = "yes_no", _("Yes or no")
