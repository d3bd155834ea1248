"""Every address of the site: the apps', the accounts', the programs'."""

from django.contrib import admin
from django.urls import include, path

from oncall_site import views

urlpatterns = [
    path("", views.front_page, name="now"),
    path("accounts/", include("oncall_site.account_urls")),
    path("", include("rotations.urls")),
    path("", include("incidents.urls")),
    path("admin/", admin.site.urls),
]
