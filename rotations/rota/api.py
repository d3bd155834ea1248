"""Schedules for programs: who is on call, now or at an instant, and the final timeline.

Everybody who is signed in may ask.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Prefetch, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rotations.people.api import ByAge, ErrorSerializer, Instant, PersonSerializer, TeamSerializer
from rotations.people.clock import now
from rotations.rota import selectors
from rotations.rota.models import Rotation, Schedule
from rotations.schedule.spans import Span
from rotations.schedule.tiers import Tier

LONGEST_TIMELINE = timedelta(days=366)
ERRORS = {400: ErrorSerializer, 401: ErrorSerializer}


class AtQuery(serializers.Serializer[Mapping[str, Any]]):
    at = Instant(required=False, help_text=_("An instant, past or to come; now when it is left out."))


class OnCallQuery(AtQuery):
    schedule = serializers.ListField(
        child=serializers.SlugField(max_length=80),
        required=False,
        max_length=100,
        help_text=_("Only these schedules, by their address; may be given several times."),
    )


class TimelineQuery(serializers.Serializer[Mapping[str, Any]]):
    to = Instant(help_text=_("The end of the window, at most 366 days after its start."))

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of Python's, so it cannot be written as an attribute."""
        return {"from": Instant(help_text=_("The start of the window.")), **super().get_fields()}

    def validate(self, attrs: Mapping[str, Any]) -> Mapping[str, Any]:
        if attrs["to"] <= attrs["from"]:
            raise serializers.ValidationError({"to": [_("The window ends before it begins. Give a later “to”.")]})
        if attrs["to"] - attrs["from"] > LONGEST_TIMELINE:
            raise serializers.ValidationError({"to": [_("The window is longer than 366 days. Ask for less at once.")]})
        return attrs


class ScheduleNameSerializer(serializers.ModelSerializer[Schedule]):
    class Meta:
        model = Schedule
        fields = ["slug", "name"]
        read_only_fields = fields


class RotationSerializer(serializers.ModelSerializer[Rotation]):
    class Meta:
        model = Rotation
        fields = ["name", "time_zone", "tiers", "pairing", "every", "unit", "anchor_on", "handoff_at"]
        read_only_fields = fields


class ScheduleSerializer(ScheduleNameSerializer):
    team = TeamSerializer(read_only=True)
    rotations = RotationSerializer(many=True, read_only=True)

    class Meta(ScheduleNameSerializer.Meta):
        fields = ["slug", "name", "team", "rotations"]
        read_only_fields = fields


class HeldTierSerializer(serializers.Serializer[Mapping[str, Any]]):
    """One tier at an instant. Without a person nobody holds it: a gap."""

    tier = serializers.ChoiceField(choices=Tier.choices())
    person = PersonSerializer(allow_null=True)
    starts_at = Instant(allow_null=True, help_text=_("Since when this person holds it"))
    ends_at = Instant(allow_null=True, help_text=_("When they hand over"))
    is_override = serializers.BooleanField(help_text=_("They stand in for whom the rotation names"))


class OnCallSerializer(serializers.Serializer[Mapping[str, Any]]):
    """Who is on call for one schedule at an instant. A schedule of one tier has no entry for the other."""

    schedule = ScheduleNameSerializer()
    at = Instant()
    tiers = HeldTierSerializer(many=True)


class HoldSerializer(serializers.Serializer[Mapping[str, Any]]):
    """One piece of the final timeline: a tier, and who holds it for [starts_at, ends_at)."""

    tier = serializers.ChoiceField(choices=Tier.choices())
    person = PersonSerializer(allow_null=True)
    starts_at = Instant()
    ends_at = Instant()
    shift = serializers.IntegerField(allow_null=True, help_text=_("Number of the published shift"))
    override = serializers.IntegerField(allow_null=True, help_text=_("Number of the override that changed it"))
    covers = PersonSerializer(allow_null=True, help_text=_("Whom the shift names when an override holds it"))


class TimelineSerializer(serializers.Serializer[Mapping[str, Any]]):
    schedule = ScheduleNameSerializer()
    timeline = HoldSerializer(many=True)


class OneLineATier(BaseRenderer):
    """For a shell script: `primary Jonas Weber`, one line a tier, `nobody` where there is a gap."""

    media_type = "text/plain"
    format = "text"
    charset = "utf-8"

    def render(self, data: Any, media_type: str | None = None, context: Mapping[str, Any] | None = None) -> str:
        if "tiers" not in data:
            sentences = (value if isinstance(value, str) else " ".join(value) for value in data.values())
            return "".join(f"{sentence}\n" for sentence in sentences)
        lines = ((held["tier"], held["person"]["name"] if held["person"] else "nobody") for held in data["tiers"])
        return "".join(f"{tier} {' '.join(name.split())}\n" for tier, name in lines)


def _on_call(schedules: Iterable[Schedule], at: datetime, found: selectors.OnCall) -> list[dict[str, Any]]:
    """What `OnCallSerializer` describes, written by hand: ten thousand schedules are an answer, not a coffee break."""
    instant = Instant()
    return [
        {
            "schedule": {"slug": schedule.slug, "name": schedule.name},
            "at": instant.to_representation(at),
            "tiers": [_held(tier, found.get(schedule.pk, {}).get(tier), instant) for tier in _tiers(schedule)],
        }
        for schedule in schedules
    ]


def _tiers(schedule: Schedule) -> list[Tier]:
    """The tiers that a schedule has; `with_tiers` has counted them."""
    return list(Tier)[: getattr(schedule, "tier_count", None) or 2]


def _held(tier: Tier, holder: selectors.Holder | None, instant: Instant) -> dict[str, Any]:
    if holder is None:
        return {"tier": tier, "person": None, "starts_at": None, "ends_at": None, "is_override": False}
    return {
        "tier": tier,
        "person": {"id": holder.user_id, "name": holder.name, "initials": holder.initials},
        "starts_at": instant.to_representation(holder.starts_at),
        "ends_at": instant.to_representation(holder.ends_at),
        "is_override": holder.override_id is not None,
    }


def _with_tiers(schedules: QuerySet[Schedule]) -> QuerySet[Schedule]:
    """Schedules, each with how many tiers its rotations have at most."""
    in_use = Q(rotations__archived_at__isnull=True)
    return schedules.annotate(tier_count=Max("rotations__tiers", filter=in_use))


def _asked(request: Request, query: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The parameters of a request, checked; `now` stands in for an instant that was left out."""
    read = query(data=request.query_params)
    read.is_valid(raise_exception=True)
    return {"at": now(), **read.validated_data}


class OnCallView(APIView):
    """Who is on call everywhere."""

    @extend_schema(
        operation_id="on_call",
        parameters=[OnCallQuery],
        responses={200: OnCallSerializer(many=True), **ERRORS},
        tags=["on call"],
    )
    def get(self, request: Request) -> Response:
        """Who holds each tier of every schedule, now or at an instant. Archived schedules only if they are named."""
        asked = _asked(request, OnCallQuery)
        if slugs := asked.get("schedule"):
            schedules = _with_tiers(Schedule.objects.filter(slug__in=slugs)).order_by("slug")
            found = selectors.on_call_at(asked["at"], schedule_ids=[schedule.pk for schedule in schedules])
        else:
            schedules = _with_tiers(selectors.schedules()).order_by("slug")
            found = selectors.on_call_at(asked["at"])
        return Response(_on_call(schedules, asked["at"], found))


@extend_schema_view(
    get=extend_schema(
        operation_id="schedules", responses={200: ScheduleSerializer(many=True), 401: ErrorSerializer}, tags=["on call"]
    )
)
class ScheduleListView(ListAPIView[Schedule]):
    """Every schedule in use, with the rotations it is made of, oldest first, 50 to a page."""

    serializer_class = ScheduleSerializer
    pagination_class = ByAge
    queryset = selectors.schedules().prefetch_related(Prefetch("rotations", Rotation.objects.active()))


class ScheduleOnCallView(APIView):
    """Who is on call for one schedule."""

    renderer_classes = [JSONRenderer, OneLineATier]

    @extend_schema(
        operation_id="schedule_on_call",
        parameters=[AtQuery],
        responses={
            (200, "application/json"): OnCallSerializer,
            (200, "text/plain"): OpenApiResponse(OpenApiTypes.STR, description="One line a tier: primary Jonas Weber"),
            **ERRORS,
            404: ErrorSerializer,
        },
        tags=["on call"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Who holds each tier, now or at an instant. As text with `?format=text` or `Accept: text/plain`."""
        at = _asked(request, AtQuery)["at"]
        schedule = get_object_or_404(_with_tiers(Schedule.objects.all()), slug=slug)
        return Response(_on_call([schedule], at, selectors.on_call_at(at, schedule_ids=[schedule.pk]))[0])


class ScheduleTimelineView(APIView):
    """Who holds which tier from when to when: shifts overlaid by approved overrides."""

    @extend_schema(
        operation_id="schedule_timeline",
        parameters=[TimelineQuery],
        responses={200: TimelineSerializer, **ERRORS, 404: ErrorSerializer},
        tags=["on call"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The final timeline of a window. Time in which nobody holds a tier is a piece without a person."""
        asked = _asked(request, TimelineQuery)
        schedule = get_object_or_404(Schedule, slug=slug)
        holds = selectors.final_timeline(schedule, Span(asked["from"], asked["to"]))
        people = selectors.people_by_id([person for hold in holds for person in (hold.person, hold.covers)])
        rows = [
            {
                "tier": hold.tier,
                "person": people.get(hold.person or 0),
                "starts_at": hold.start,
                "ends_at": hold.end,
                "shift": hold.shift,
                "override": hold.override,
                "covers": people.get(hold.covers or 0),
            }
            for hold in holds
        ]
        return Response(TimelineSerializer({"schedule": schedule, "timeline": rows}).data)
