"""Pages of the vendor's settings and look."""

from django.urls import URLPattern, URLResolver, path

from prm.vendor import hours_views, robots, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("manage/settings/", views.tenant_settings, name="tenant-settings"),
    path("manage/settings/look/", views.tenant_branding, name="tenant-branding"),
    path("manage/settings/hours/", hours_views.tenant_hours, name="tenant-hours"),
    path("brand.css", views.brand_css, name="brand-css"),
    path("logo.png", views.brand_logo, name="brand-logo"),
    path("robots.txt", robots.robots_txt, name="robots"),
]
