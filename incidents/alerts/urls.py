"""Addresses of services."""

from django.urls import path

from incidents.alerts import views

urlpatterns = [
    path("services/", views.service_list, name="service-list"),
    path("services/<slug:slug>/", views.service, name="service"),
]
