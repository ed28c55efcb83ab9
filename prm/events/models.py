"""What happened: the outbox and the audit trail in one append-only table."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from prm.tenancy.models import TenantForeignKey, TenantModel


class Event(TenantModel):
    """One fact in the past tense. Never changed; personal data stays out of the payload."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=60)
    # What it is about: "referral:0190…", so that one index serves every history.
    subject = models.CharField(max_length=80)
    # The partner whose people may read it; null for the vendor's own affairs.
    partner_id = models.UUIDField(null=True, blank=True)
    actor_id = models.BigIntegerField(null=True, blank=True)
    actor_kind = models.CharField(max_length=12)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    payload = models.JSONField(default=dict)
    # For settings, access, terms and money: {"field": [before, after]}.
    changes = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "prm_event"
        indexes = [
            models.Index(fields=["tenant", "subject", "id"], name="event_subject"),
            models.Index(fields=["tenant", "name", "id"], name="event_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.subject}"


class QueuedEvent(TenantModel):
    """An event whose handlers have not all run; the row is deleted when they have."""

    id = models.BigAutoField(primary_key=True)
    event = TenantForeignKey(Event)
    attempts = models.IntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    # Handlers that failed, and the last error's text, for the page of stuck work.
    error = models.TextField(blank=True)
    stuck_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "prm_queued_event"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "event"], name="queued_event_once")
        ]
        indexes = [
            models.Index(
                fields=["tenant", "next_attempt_at"],
                name="queued_event_due",
                condition=Q(stuck_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"event {self.event_id}"


class HandledEvent(TenantModel):
    """A handler has run for an event; the row is written in the handler's own transaction."""

    id = models.BigAutoField(primary_key=True)
    event = TenantForeignKey(Event)
    handler = models.CharField(max_length=80)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "prm_handled_event"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "event", "handler"], name="handled_event_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.handler} {self.event_id}"


class EventSeal(TenantModel):
    """A link of the tenant's hash chain: what the event said when it was sealed."""

    id = models.BigAutoField(primary_key=True)
    position = models.BigIntegerField()
    event = TenantForeignKey(Event)
    digest = models.BinaryField(max_length=32)
    chain = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "prm_event_seal"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "position"], name="event_seal_position_once"),
            models.UniqueConstraint(fields=["tenant", "event"], name="event_seal_event_once"),
        ]

    def __str__(self) -> str:
        return f"seal {self.position}"
