"""Addresses for programs about incidents, under /api/v1/."""

from django.urls import path

from incidents.paging import api

urlpatterns = [
    path("incidents/", api.IncidentListView.as_view(), name="api-incidents"),
    path("incidents/<int:pk>/", api.IncidentView.as_view(), name="api-incident"),
    path("incidents/<int:pk>/acknowledge/", api.AcknowledgeView.as_view(), name="api-incident-acknowledge"),
    path("incidents/<int:pk>/escalate/", api.EscalateView.as_view(), name="api-incident-escalate"),
    path("incidents/<int:pk>/resolve/", api.ResolveView.as_view(), name="api-incident-resolve"),
]
