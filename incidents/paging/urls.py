"""Addresses of incidents, and of the links in messages."""

from django.urls import path

from incidents.paging import link_views, views

urlpatterns = [
    path("incidents/", views.incident_list, name="incident-list"),
    path("incidents/<int:pk>/", views.incident, name="incident"),
    path("incidents/<int:pk>/acknowledge/", views.acknowledge, name="incident-acknowledge"),
    path("incidents/<int:pk>/escalate/", views.escalate, name="incident-escalate"),
    path("incidents/<int:pk>/resolve/", views.resolve, name="incident-resolve"),
    path("incidents/<int:pk>/severity/", views.change_severity, name="incident-severity"),
    path("page/<str:token>/", link_views.page_link, name="page-link"),
    path("page/<str:token>/seen/", link_views.page_link_seen, name="page-link-seen"),
]
