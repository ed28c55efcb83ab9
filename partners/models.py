"""The partners' models, re-exported for Django."""

from partners.directory.models import Enrollment, Partner
from partners.programs.models import Program

__all__ = ["Enrollment", "Partner", "Program"]
