"""Pages of the commissions package."""

from importlib import util

from django.urls import URLPattern, URLResolver, include, path

app_name = "commissions"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(f"commissions.{slice_name}.urls"))
    for slice_name in ("plans", "payouts", "statements", "earnings")
    if util.find_spec(f"commissions.{slice_name}.urls")
]
