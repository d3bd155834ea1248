"""Addresses about messages and contact points."""

from django.urls import path, re_path

from rotations.contact import views

urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/seen/", views.inbox_seen, name="inbox-seen"),
    path("inbox/<int:pk>/seen/", views.message_seen, name="message-seen"),
    path("account/contact/", views.contact_points, name="contact-points"),
    path("account/contact/add/", views.contact_point_add, name="contact-point-add"),
    path("account/contact/<int:pk>/archive/", views.contact_point_archive, name="contact-point-archive"),
    path("account/contact/<int:pk>/test/", views.contact_point_test, name="contact-point-test"),
    path("account/contact/<int:pk>/last/", views.contact_point_last, name="contact-point-last"),
    re_path(
        r"^account/contact/rules/(?P<tier>primary|secondary)/$", views.notification_rules, name="notification-rules"
    ),
]
