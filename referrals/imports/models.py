"""Imports of spreadsheets: the file, how it is read, what came of it."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel


class ImportState(models.TextChoices):
    """The life of an import."""

    UPLOADED = "uploaded", _("Uploaded")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    COMMITTING = "committing", _("Being imported")
    COMMITTED = "committed", _("Imported")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")
    FAILED = "failed", _("Failed")


class Import(PublicTenantModel):
    """One file of referrals on its way in; every row it makes carries its id, so undo removes exactly those."""

    program = TenantForeignKey(Program)
    file = models.CharField(max_length=300)
    file_name = models.CharField(max_length=160)
    digest = models.CharField(max_length=64)
    # Column mapping, formats, value maps and choices for bad rows; the shape is referrals.imports.rules.Mapping.
    mapping = models.JSONField(default=dict)
    state = models.CharField(
        max_length=12, choices=ImportState.choices, default=ImportState.UPLOADED
    )
    row_count = models.IntegerField(default=0)
    # Counts and sums of the last check and of the commit.
    check_report = models.JSONField(default=dict)
    commit_report = models.JSONField(default=dict)
    started_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())
    committed_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_import"
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="import_newest")]

    def __str__(self) -> str:
        return self.file_name


class ImportProblem(TenantModel):
    """A row of an import's file that cannot go in as it is, and why."""

    id = models.BigAutoField(primary_key=True)
    source = TenantForeignKey(Import)
    line = models.IntegerField()
    column = models.CharField(max_length=120, blank=True)
    code = models.CharField(max_length=40)
    value = models.CharField(max_length=200, blank=True)
    # "error" stops the row, "warning" lets it in by the importer's choice.
    severity = models.CharField(max_length=8)

    class Meta:
        db_table = "referrals_import_problem"
        indexes = [
            models.Index(fields=["tenant", "source", "line", "id"], name="import_problem_line")
        ]

    def __str__(self) -> str:
        return f"line {self.line}: {self.code}"
