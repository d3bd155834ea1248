"""The interface for programs as a whole: its description, its page for people, and its answer to wrong addresses."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


@extend_schema(exclude=True)
class SchemaView(SpectacularAPIView):
    """The OpenAPI description, generated from the endpoints; docs/openapi.yaml is a copy that a test compares."""


@extend_schema(exclude=True)
class NoSuchEndpoint(APIView):
    """Whatever else is asked for under /api/: an answer that a program can read."""

    permission_classes = [AllowAny]

    def get(self, request: Request, rest: str = "") -> Response:
        raise NotFound(_("There is no such address. /api/v1/docs/ lists them all."))

    post = put = patch = delete = get


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Every endpoint, to read and to try out as oneself."""
    return render(request, "site/api_docs.html")
