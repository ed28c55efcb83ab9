"""The vendors of the demo."""

from prm.demo.solea import SOLEA
from prm.demo.velden import VELDEN

TENANTS = (VELDEN, SOLEA)
