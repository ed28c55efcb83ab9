"""Addresses of tax for partners, of invoices, self-billing notes and the vendor's VAT."""

from django.urls import path

from commissions.vat import number_views, own_views, views

urlpatterns = [
    path("tax/", own_views.own_tax, name="tax"),
    path("tax/vat/", own_views.own_status, name="vat-status"),
    path("tax/self-billing/", own_views.own_self_billing, name="self-billing"),
    path("tax/invoices/new/<slug:currency>/", own_views.invoice_new, name="invoice-new"),
    path("tax/invoices/<uuid:invoice_id>/", own_views.invoice_detail, name="invoice"),
    path("tax/invoices/<uuid:invoice_id>/file/", own_views.invoice_file, name="invoice-file"),
    path("tax/notes/", views.bill_list, name="self-bill-list"),
    path("tax/notes/<uuid:bill_id>/", views.bill_detail, name="self-bill"),
    path("tax/notes/<uuid:bill_id>/pdf/", views.bill_pdf, name="self-bill-pdf"),
    path("manage/tax/vat/", views.settings_page, name="vat-settings"),
    path("manage/tax/vat/rates/new/", views.rate_new, name="vat-rate-new"),
    path("manage/tax/vat/words/", views.words_page, name="vat-words"),
    path("manage/tax/numbers/", number_views.number_list, name="vat-number-list"),
    path("manage/tax/numbers/<int:status_id>/", number_views.number_check, name="vat-number"),
    path("manage/tax/invoices/", views.invoice_list, name="invoice-list"),
    path("manage/tax/invoices/<uuid:invoice_id>/", views.invoice_check, name="invoice-check"),
]
