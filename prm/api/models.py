"""Keys of programs, and the answers that were given to their calls."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel


class ApiKey(PublicTenantModel):
    """A program's key: the whole tenant's, or one partner's. Only a digest of the secret is kept."""

    name = models.CharField(max_length=80)
    # Null: the vendor's own systems.
    partner_id = models.UUIDField(null=True, blank=True)
    # What may be shown of the secret, so that people can tell keys apart.
    prefix = models.CharField(max_length=12)
    secret_digest = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=20))
    # Works only while this person still may make keys here.
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    # To the minute: not every call is worth a write.
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "prm_api_key"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "secret_digest"], name="api_key_secret_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "partner_id", "-made_at"], name="api_key_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    def is_live(self, at: datetime) -> bool:
        """Tell whether it is neither revoked nor expired at a moment (aware UTC)."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


class IdempotencyKey(TenantModel):
    """The answer that a call with an Idempotency-Key was given, written in the transaction of its effect."""

    id = models.BigAutoField(primary_key=True)
    api_key = TenantForeignKey(ApiKey)
    partner_id = models.UUIDField(null=True, blank=True)
    key = models.CharField(max_length=200)
    # Of method, path and body: the same key for something else is refused.
    request_digest = models.CharField(max_length=64)
    status = models.IntegerField()
    body = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "prm_idempotency_key"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "api_key", "key"], name="idempotency_key_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return self.key


class ServerEvent(TenantModel):
    """A fact that another system reported, under that system's own id; the same id again gets the same answer."""

    id = models.BigAutoField(primary_key=True)
    external_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=12)
    # Of the whole report: the same id for something else is refused.
    request_digest = models.CharField(max_length=64)
    partner_id = models.UUIDField()
    referral_id = models.UUIDField()
    # What was booked; empty for a lead.
    revenue_event_id = models.UUIDField(null=True, blank=True)
    body = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        db_table = "prm_server_event"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "external_id"], name="server_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"
