"""Long work that a person may leave and come back to."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel


class JobState(models.TextChoices):
    """The life of a job."""

    QUEUED = "queued", _("Waiting to start")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    STOPPED = "stopped", _("Stopped")


class Job(PublicTenantModel):
    """One run of long work: its progress, its result, its file. A killed worker's job is taken over by lease."""

    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=JobState.choices, default=JobState.QUEUED)
    done_count = models.BigIntegerField(default=0)
    total_count = models.BigIntegerField(null=True, blank=True)
    # What the runner needs to go on after a kill.
    checkpoint = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    attempts = models.IntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    stop_asked_at = models.DateTimeField(null=True, blank=True)
    # Path in private storage and the name a person saves it under.
    file = models.CharField(max_length=300, blank=True)
    file_name = models.CharField(max_length=160, blank=True)
    file_expires_at = models.DateTimeField(null=True, blank=True)
    # Path inside the tenant to return to, without its slug.
    back_path = models.CharField(max_length=300, blank=True)
    started_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    partner_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "prm_job"
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="job_newest"),
            models.Index(
                fields=["tenant", "state"],
                name="job_live",
                condition=Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"


class JobPart(TenantModel):
    """A piece of a job that any worker may do; a killed worker's piece is taken over by lease."""

    id = models.BigAutoField(primary_key=True)
    job = TenantForeignKey(Job)
    number = models.IntegerField()
    # What the worker needs, and how many pieces of work that is.
    params = models.JSONField(default=dict)
    size = models.IntegerField()
    done_count = models.IntegerField(default=0)
    attempts = models.IntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict)

    class Meta:
        db_table = "prm_job_part"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "job", "number"], name="job_part_once"),
            models.CheckConstraint(
                condition=Q(done_count__range=(0, models.F("size"))), name="job_part_count"
            ),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of {self.job_id}"
