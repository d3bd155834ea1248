"""The addresses for programs, /api/v1/…: each room's own, the description, and the answer to wrong ones (last)."""

from django.urls import URLPattern, URLResolver, include, path

from oncall_site import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include("rotations.rota.api_urls")),
    path("v1/", include("incidents.paging.api_urls")),
    path("v1/schema/", api.SchemaView.as_view(), name="api-schema"),
    path("v1/docs/", api.api_docs, name="api-docs"),
    path("<path:rest>", api.NoSuchEndpoint.as_view(), name="api-nothing"),
]
