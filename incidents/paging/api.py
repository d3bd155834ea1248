"""Incidents for programs: list, one, acknowledge, escalate, resolve. Who may not see one cannot tell that it exists."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.alerts.models import Service
from incidents.escalation.terms import ManualReason, Severity, Target, Via
from incidents.paging import selectors, services
from incidents.paging.models import MANUAL_REASONS, Alert, Incident, State
from rotations.contact.hints import SEND_DUE
from rotations.people.api import Conflict, ErrorSerializer, Instant, NewestFirst, PersonSerializer, TeamSerializer
from rotations.people.clock import now
from rotations.people.models import User
from rotations.schedule.tiers import Tier

READ_ERRORS = {401: ErrorSerializer, 404: ErrorSerializer}
ACT_ERRORS = {400: ErrorSerializer, **READ_ERRORS, 403: ErrorSerializer, 409: ErrorSerializer}
OPEN = "open"


class IncidentQuery(serializers.Serializer[Mapping[str, Any]]):
    state = serializers.ChoiceField(
        choices=[(OPEN, gettext_lazy("Not resolved")), *State.choices], required=False, default=""
    )
    service = serializers.SlugField(max_length=80, required=False, help_text=gettext_lazy("A service's address."))
    severity = serializers.ChoiceField(
        choices=[(severity.value, severity.name) for severity in Severity],
        required=False,
        help_text=gettext_lazy("1 is the worst."),
    )


class ServiceSerializer(serializers.ModelSerializer[Service]):
    team = TeamSerializer(read_only=True)

    class Meta:
        model = Service
        fields = ["slug", "name", "team"]
        read_only_fields = fields


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """What people work on. `next_action_at` is when the next step fires if nobody acknowledges."""

    code = serializers.CharField(read_only=True, help_text=gettext_lazy("How people say it: INC-2291."))
    service = ServiceSerializer(read_only=True)
    lead = PersonSerializer(read_only=True, allow_null=True)
    opened_at = Instant(read_only=True)
    acknowledged_at = Instant(read_only=True, allow_null=True)
    acknowledged_by = PersonSerializer(read_only=True, allow_null=True)
    resolved_at = Instant(read_only=True, allow_null=True)
    resolved_by = PersonSerializer(read_only=True, allow_null=True)
    next_action_at = Instant(read_only=True, allow_null=True)

    class Meta:
        model = Incident
        fields = [
            "id", "code", "title", "service", "severity", "state", "is_test", "opened_at", "lead",
            "acknowledged_at", "acknowledged_by", "acknowledged_tier",
            "resolved_at", "resolved_by", "resolved_tier", "resolution", "second_needed", "next_action_at",
        ]  # fmt: skip
        read_only_fields = fields


class NextActionSerializer(serializers.Serializer[selectors.NextAction]):
    """What happens at `at` if nobody acknowledges, and whom it would reach as things stand."""

    at = Instant()
    target = serializers.ChoiceField(choices=[(target.value, target.value) for target in Target])
    tier = serializers.ChoiceField(choices=Tier.choices(), allow_null=True)
    people = PersonSerializer(many=True)
    rule = serializers.CharField()
    is_repeat = serializers.BooleanField()


class OnItSerializer(serializers.Serializer[selectors.OnIt]):
    """A person who was paged, or is next."""

    person = PersonSerializer(source="user")
    tier = serializers.ChoiceField(choices=Tier.choices(), allow_null=True)
    paged_at = Instant(allow_null=True)
    cause = serializers.CharField(allow_blank=True)
    seen_at = Instant(allow_null=True)
    acknowledged_at = Instant(allow_null=True)


class TimelineLineSerializer(serializers.Serializer[selectors.TimelineLine]):
    """What happened, in a sentence, and why."""

    at = Instant()
    kind = serializers.CharField()
    sentence = serializers.CharField()
    why = serializers.CharField(allow_blank=True)
    person = PersonSerializer(source="user", allow_null=True)
    tier = serializers.ChoiceField(choices=Tier.choices(), allow_null=True)


class AlertSerializer(serializers.ModelSerializer[Alert]):
    opened_at = Instant(read_only=True)
    last_event_at = Instant(read_only=True)
    resolved_at = Instant(read_only=True, allow_null=True)

    class Meta:
        model = Alert
        fields = ["key", "summary", "source", "severity", "event_count", "opened_at", "last_event_at", "resolved_at"]
        read_only_fields = fields


class IncidentPageSerializer(serializers.Serializer[selectors.IncidentPage]):
    """One incident with everything that its page shows."""

    incident = IncidentSerializer()
    next_action = NextActionSerializer(allow_null=True)
    on_it = OnItSerializer(many=True)
    timeline = TimelineLineSerializer(many=True)
    alerts = AlertSerializer(many=True)
    may_respond = serializers.BooleanField(help_text=gettext_lazy("Whether you may acknowledge, escalate and resolve"))


class EscalateSerializer(serializers.Serializer[Mapping[str, Any]]):
    """Why a second person is needed. Asking early is right."""

    reason = serializers.ChoiceField(choices=MANUAL_REASONS)


class ResolveSerializer(serializers.Serializer[Mapping[str, Any]]):
    resolution = serializers.CharField(
        required=False, allow_blank=True, max_length=4000, help_text=gettext_lazy("What fixed it")
    )
    second_needed = serializers.BooleanField(
        required=False, allow_null=True, help_text=gettext_lazy("Was the second person needed?")
    )


@extend_schema_view(
    get=extend_schema(
        operation_id="incidents",
        parameters=[IncidentQuery],
        responses={200: IncidentSerializer(many=True), 400: ErrorSerializer, **READ_ERRORS},
        tags=["incidents"],
    )
)
class IncidentListView(ListAPIView[Incident]):
    """The incidents that you may see, newest first, 50 to a page."""

    serializer_class = IncidentSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> Any:
        asked = IncidentQuery(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        wanted = selectors.incident_list(_person(self.request), state=asked.validated_data["state"])
        if "service" in asked.validated_data:
            wanted = wanted.filter(service__slug=asked.validated_data["service"])
        if "severity" in asked.validated_data:
            wanted = wanted.filter(severity=asked.validated_data["severity"])
        return wanted.select_related("service__team", "lead", "acknowledged_by", "resolved_by")


class IncidentView(APIView):
    """One incident."""

    @extend_schema(operation_id="incident", responses={200: IncidentPageSerializer, **READ_ERRORS}, tags=["incidents"])
    def get(self, request: Request, pk: int) -> Response:
        """One incident: state, next action, who was paged, timeline, alerts."""
        return _page(request, pk)


class AcknowledgeView(APIView):
    """Stop the escalation."""

    @extend_schema(
        operation_id="acknowledge_incident",
        request=None,
        responses={200: IncidentPageSerializer, **ACT_ERRORS},
        tags=["incidents"],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Acknowledge: you lead from here, and nobody else is paged. Again: nothing changes.

        Somebody else was first, or it is resolved: 409, and who it was.
        """
        _check_visible(request, pk)
        person = _person(request)
        answer = services.acknowledge(incident_id=pk, via=Via.API, by=person, now=now())
        if answer.incident.state == State.RESOLVED:
            raise Conflict(_("%s is resolved already.") % answer.incident.code)
        if not answer.is_first and answer.by != person:
            raise Conflict(_already_acknowledged(answer))
        return _page(request, pk)


class EscalateView(APIView):
    """Page the second person now."""

    @extend_schema(
        operation_id="escalate_incident",
        request=EscalateSerializer,
        responses={200: IncidentPageSerializer, **ACT_ERRORS},
        tags=["incidents"],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Page the secondary now, without waiting for the timeout. Resolved: 409."""
        _check_visible(request, pk)
        asked = EscalateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        reason = ManualReason(asked.validated_data["reason"])
        try:
            services.escalate(incident_id=pk, reason=reason, by=_person(request), now=now())
        except ValidationError as too_late:
            raise Conflict(" ".join(too_late.messages)) from too_late
        SEND_DUE.give()
        return _page(request, pk)


class ResolveView(APIView):
    """End an incident."""

    @extend_schema(
        operation_id="resolve_incident",
        request=ResolveSerializer,
        responses={200: IncidentPageSerializer, **ACT_ERRORS},
        tags=["incidents"],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Resolve the incident and its alerts. Again: nothing changes. Resolved by somebody else: 409."""
        _check_visible(request, pk)
        asked = ResolveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        person = _person(request)
        incident = services.resolve(incident_id=pk, **asked.validated_data, by=person, now=now())
        if incident.resolved_by_id != person.pk:
            raise Conflict(_("%s is resolved already.") % incident.code)
        return _page(request, pk)


def _person(request: Request) -> User:
    assert isinstance(request.user, User)  # IsAuthenticated
    return request.user


def _check_visible(request: Request, pk: int) -> None:
    """404 for what a person may not see: being forbidden would tell that it exists."""
    if not selectors.incident_list(_person(request)).filter(pk=pk).exists():
        raise Http404(_("There is no such incident among those of your teams."))


def _page(request: Request, pk: int) -> Response:
    try:
        page = selectors.incident_page(_person(request), pk, now=now())
    except Incident.DoesNotExist as missing:
        raise Http404(_("There is no such incident among those of your teams.")) from missing
    return Response(IncidentPageSerializer(page).data)


def _already_acknowledged(answer: services.Acknowledgement) -> str:
    if answer.by is None:
        return _("%s was acknowledged by its sender.") % answer.incident.code
    return _("%(name)s has acknowledged %(code)s already.") % {"name": answer.by.name, "code": answer.incident.code}
