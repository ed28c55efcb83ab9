"""Pages of what stands around a referral's coming in."""

from django.urls import path

from referrals.capture import (
    views_bulk,
    views_drafts,
    views_files,
    views_mail,
    views_privacy,
    views_questions,
    views_receipts,
    views_submit_links,
)

urlpatterns = [
    path("referrals/bulk/", views_bulk.bulk_new, name="bulk-new"),
    path("referrals/bulk/template/", views_bulk.bulk_template, name="bulk-template"),
    path("referrals/bulk/<uuid:bulk_id>/", views_bulk.bulk_detail, name="bulk-detail"),
    path("referrals/drafts/", views_drafts.draft_list, name="draft-list"),
    path("referrals/drafts/mail/new/", views_mail.mail_address_new, name="mail-address-new"),
    path("referrals/drafts/mail/end/", views_mail.mail_address_end, name="mail-address-end"),
    path("inbound/mail/", views_mail.mail_in, name="mail-in"),
    path("referrals/drafts/save/", views_drafts.draft_save, name="draft-save"),
    path(
        "referrals/drafts/<uuid:draft_id>/delete/", views_drafts.draft_delete, name="draft-delete"
    ),
    path(
        "referrals/<uuid:referral_id>/recall/",
        views_drafts.referral_recall,
        name="referral-recall",
    ),
    path(
        "referrals/<uuid:referral_id>/answer/",
        views_questions.question_answer,
        name="question-answer",
    ),
    path("answer/<str:token>/", views_questions.question_answer_by_link, name="answer-by-link"),
    path(
        "manage/referrals/<uuid:referral_id>/ask/",
        views_questions.question_ask,
        name="question-ask",
    ),
    path(
        "manage/referrals/<uuid:referral_id>/ask/withdraw/",
        views_questions.question_withdraw,
        name="question-withdraw",
    ),
    path("referrals/<uuid:referral_id>/files/add/", views_files.file_add, name="file-add"),
    path(
        "referrals/<uuid:referral_id>/files/<uuid:file_id>/",
        views_files.file_get,
        name="file-get",
    ),
    path(
        "referrals/<uuid:referral_id>/files/<uuid:file_id>/remove/",
        views_files.file_remove,
        name="file-remove",
    ),
    path("person/<str:token>/", views_privacy.person, name="person"),
    path("person/<str:token>/object/", views_privacy.person_object, name="person-object"),
    path("person/<str:token>/erase/", views_privacy.person_erase, name="person-erase"),
    path(
        "manage/programs/<uuid:program_id>/privacy/",
        views_privacy.privacy_edit,
        name="privacy-edit",
    ),
    path(
        "manage/referrals/<uuid:referral_id>/erase/",
        views_privacy.manage_person_erase,
        name="manage-person-erase",
    ),
    path("referrals/<uuid:referral_id>/receipt/", views_receipts.receipt, name="receipt"),
    path(
        "referrals/<uuid:referral_id>/receipt.json",
        views_receipts.receipt_json,
        name="receipt-json",
    ),
    path(
        "referrals/<uuid:referral_id>/receipt.txt",
        views_receipts.receipt_text,
        name="receipt-text",
    ),
    path("verify/receipt/", views_receipts.receipt_verify, name="receipt-verify"),
    path("team/links/", views_submit_links.submit_links, name="submit-links"),
    path(
        "team/links/<uuid:link_id>/revoke/",
        views_submit_links.submit_link_revoke,
        name="submit-link-revoke",
    ),
    path(
        "manage/partners/<uuid:partner_id>/links/",
        views_submit_links.manage_submit_links,
        name="manage-submit-links",
    ),
    path(
        "manage/partners/<uuid:partner_id>/links/<uuid:link_id>/revoke/",
        views_submit_links.manage_submit_link_revoke,
        name="manage-submit-link-revoke",
    ),
    path("send/<str:token>/", views_submit_links.by_link, name="submit-by-link"),
    path(
        "send/<str:token>/sent/<uuid:referral_id>/",
        views_submit_links.sent_by_link,
        name="sent-by-link",
    ),
]
