"""Every address of the site: the apps', the accounts', the programs'."""

from django.contrib import admin
from django.urls import include, path

from oncall_site import health, views

urlpatterns = [
    path("", views.front_page, name="now"),
    path("accounts/", include("oncall_site.account_urls")),
    path("", include("rotations.urls")),
    path("", include("incidents.urls")),
    path("api/", include("oncall_site.api_urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.process_lives, name="healthz"),
    path("healthz/paging", health.paging_works, name="healthz-paging"),
    path("readyz", health.database_reached, name="readyz"),
]
