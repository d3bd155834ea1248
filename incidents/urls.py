"""The addresses of `incidents`, room by room."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("incidents.alerts.urls")),
    path("", include("incidents.paging.urls")),
]
