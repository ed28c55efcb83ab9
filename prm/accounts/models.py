"""People, where they belong, and how they are invited."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower, Now, StrIndex, Substr
from django.utils.translation import gettext_lazy as _

from prm.accounts.capabilities import Role
from prm.tenancy.models import PublicTenantModel, Tenant, TenantModel


class UserManager(BaseUserManager["User"]):
    """Makes people by email address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a person; the address is stored in lower case."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person with one login, whatever tenants and partners they belong to."""

    class Theme(models.TextChoices):
        SYSTEM = "", _("Like my device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=8, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    theme = models.CharField(max_length=8, blank=True, choices=Theme.choices)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    # What the search looks for: the name, and the name behind its first word, in lower case.
    name_norm = models.GeneratedField(
        expression=Lower("name"), output_field=models.CharField(max_length=120), db_persist=True
    )
    surname_norm = models.GeneratedField(
        expression=Lower(Substr("name", StrIndex("name", Value(" ")) + 1)),
        output_field=models.CharField(max_length=120),
        db_persist=True,
    )

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        db_table = "prm_user"
        indexes = [
            models.Index(fields=["name_norm", "id"], name="user_name"),
            models.Index(fields=["surname_norm", "id"], name="user_surname"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        self.email = self.email.strip().lower()

    def get_full_name(self) -> str:
        """Return the name, or the address of a person who gave none."""
        return str(self)


class Membership(models.Model):
    """A person in a tenant: as staff, or in one of its partners. Global, read before a scope is open."""

    class EndedWith(models.TextChoices):
        ITSELF = "", _("By itself")
        PARTNER = "partner", _("With the partner")

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    # The partner's id; the partner row lives behind the tenant's row-level security.
    partner_id = models.UUIDField(null=True, blank=True)
    # Copied from the partner so that the switcher can name it without a scope.
    partner_name = models.CharField(max_length=160, blank=True)
    roles = ArrayField(models.CharField(max_length=24, choices=Role.choices))
    # A partner admin lets this rep see the partner's earnings / all referrals of the partner.
    sees_earnings = models.BooleanField(default=False)
    sees_all_referrals = models.BooleanField(default=False)
    title = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    # What ended with its partner starts again with it; who had left before stays away.
    ended_with = models.CharField(
        max_length=8, blank=True, choices=EndedWith.choices, default="", db_default=""
    )
    last_seen_at = models.DateTimeField(null=True, blank=True)
    # When the person's present visit began, and the one before it: what has changed since is told.
    visit_at = models.DateTimeField(null=True, blank=True)
    visit_before_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "prm_membership"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user", "partner_id"],
                name="membership_once",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(fields=["user", "tenant"], name="membership_user"),
            models.Index(fields=["tenant", "partner_id"], name="membership_partner"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.tenant_id}"


class Invitation(PublicTenantModel):
    """An offer of a membership to one address: single use, expiring; only the token's hash is kept."""

    email = models.EmailField()
    name = models.CharField(max_length=120, blank=True)
    partner_id = models.UUIDField(null=True, blank=True)
    partner_name = models.CharField(max_length=160, blank=True)
    roles = ArrayField(models.CharField(max_length=24, choices=Role.choices))
    language = models.CharField(max_length=8, blank=True)
    token_hash = models.CharField(max_length=64)
    # Null when the operator invited from the command line.
    invited_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # When the newest sending was followed by a reminder.
    reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "prm_invitation"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "token_hash"], name="invitation_token_once"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True),
                name="invitation_accepted_or_revoked",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "partner_id", "-sent_at"], name="invitation_partner"),
            models.Index(
                fields=["tenant", "-sent_at", "-id"],
                name="invitation_open",
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.email


class PartnerView(TenantModel):
    """A vendor's person looking at the portal as one of its partners does: read-only, with a reason, for an hour."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    partner_id = models.UUIDField()
    partner_name = models.CharField(max_length=160)
    reason = models.CharField(max_length=300)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "prm_partner_view"
        indexes = [
            models.Index(fields=["tenant", "partner_id", "-started_at"], name="partner_view_newest")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} as {self.partner_id}"
