"""Pages about partners."""

from django.urls import path

from partners.directory import life_views, merge_views, people_views, views

urlpatterns = [
    path("manage/partners/", views.partner_list, name="partner-list"),
    path("manage/partners/duplicates/", merge_views.duplicate_list, name="duplicate-list"),
    path(
        "manage/partners/<uuid:partner_id>/merge/<uuid:into_id>/",
        merge_views.partner_merge,
        name="partner-merge",
    ),
    path(
        "manage/people/<int:membership_id>/merge/", people_views.person_merge, name="person-merge"
    ),
    path("manage/partners/new/", views.partner_new, name="partner-new"),
    path("manage/partners/<uuid:partner_id>/", views.partner_detail, name="partner-detail"),
    path("manage/partners/<uuid:partner_id>/edit/", views.partner_edit, name="partner-edit"),
    path("manage/partners/<uuid:partner_id>/invite/", views.partner_invite, name="partner-invite"),
    path(
        "manage/partners/<uuid:partner_id>/programs/", views.partner_enroll, name="partner-enroll"
    ),
    path(
        "manage/partners/<uuid:partner_id>/state/<slug:state>/",
        life_views.partner_state,
        name="partner-state",
    ),
    path("manage/partners/<uuid:partner_id>/move/", life_views.partner_move, name="partner-move"),
    path("manage/partners/<uuid:partner_id>/type/", life_views.partner_type, name="partner-type"),
    path("manage/partners/<uuid:partner_id>/view/", life_views.partner_view, name="partner-view"),
]
