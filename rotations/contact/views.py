"""A person's inbox, and how they are reached. Everybody their own; somebody else's is not found."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rotations.contact import hints, selectors, services
from rotations.contact.forms import ContactPointForm, RulesForm
from rotations.contact.models import ContactPoint, Message
from rotations.people.clock import now
from rotations.people.models import User
from rotations.schedule.tiers import Tier

PAGE = 25


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Messages, newest first. Reading the page records nothing: *seen* is a POST of what stood on a visible page."""
    page = Paginator(selectors.inbox(_me(request)), PAGE).get_page(request.GET.get("page"))
    unseen = selectors.unseen_count(_me(request))
    return render(request, "rotations/contact/inbox.html", {"page": page, "unseen": unseen})


@require_POST
def message_seen(request: HttpRequest, pk: int) -> HttpResponse:
    """One message stood on a visible page."""
    message = get_object_or_404(Message, pk=pk, recipient=_me(request))
    services.mark_seen(message.pk, by=_me(request), now=now())
    return HttpResponse(status=204)


@require_POST
def inbox_seen(request: HttpRequest) -> HttpResponse:
    """The button for those without script."""
    services.mark_all_seen(by=_me(request), now=now())
    return redirect("inbox")


@require_safe
def contact_points(request: HttpRequest) -> HttpResponse:
    """How I am reached, in each tier, and how each way did last."""
    return _contact_page(request)


@require_POST
def contact_point_add(request: HttpRequest) -> HttpResponse:
    """Add a contact point; the page again, with a sentence at the field, if it cannot be."""
    form, me = ContactPointForm(request.POST, instance=ContactPoint(user=_me(request))), _me(request)
    if form.is_valid():
        try:
            point = services.add_contact_point(user=me, **form.cleaned_data, by=me, now=now())
        except ValidationError as refused:
            form.add_error(None, refused)
        else:
            messages.success(request, _("Added: %(point)s. Send a test to see that it works.") % {"point": point})
            return redirect("contact-points")
    return _contact_page(request, add=form)


@require_POST
def contact_point_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put one away."""
    point = _my_contact_point(request, pk)
    try:
        services.archive_contact_point(contact_point=point, by=_me(request), now=now())
        messages.success(request, _("%(point)s is put away. Nothing goes there any more.") % {"point": point})
    except ValidationError as refused:
        messages.warning(request, " ".join(refused.messages))
    return redirect("contact-points")


@require_POST
def contact_point_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test message to one of them."""
    point = _my_contact_point(request, pk)
    try:
        services.send_test(contact_point=point, by=_me(request), now=now())
        transaction.on_commit(hints.SEND_DUE.give)
        messages.success(request, _("A test is on its way to %(point)s.") % {"point": point})
    except ValidationError as refused:
        messages.warning(request, " ".join(refused.messages))
    return redirect("contact-points")


@require_safe
def contact_point_last(request: HttpRequest, pk: int) -> HttpResponse:
    """How the last message to one of them did: the part of the page that changes by itself."""
    point = _my_contact_point(request, pk)
    line = next(line for line in selectors.contact_lines(_me(request)) if line.point == point)
    return render(request, "rotations/contact/last_delivery.html", {"line": line})


@require_POST
def notification_rules(request: HttpRequest, tier: str) -> HttpResponse:
    """Say when each contact point is used in one tier."""
    me = _me(request)
    form = RulesForm(Tier(tier), selectors.contact_lines(me), request.POST)
    if not form.is_valid():
        return _contact_page(request, rules=form)
    services.set_rules(tier=Tier(tier), after=form.delays(), by=me, now=now())
    messages.success(request, _("Saved."))
    return redirect("contact-points")


def _contact_page(
    request: HttpRequest, *, add: ContactPointForm | None = None, rules: RulesForm | None = None
) -> HttpResponse:
    lines, wakes = selectors.contact_lines(_me(request)), selectors.tiers_that_wake(_me(request))
    tiers = [(tier.value, wakes[tier.value], RulesForm(tier, lines)) for tier in Tier]
    if rules is not None:
        tiers = [(tier, is_waking, rules if rules.prefix == tier else form) for tier, is_waking, form in tiers]
    context = {
        "lines": lines,
        "tiers": tiers,
        "add": add or ContactPointForm(),
        "sends_email": bool(settings.EMAIL_URL),
    }
    status = 422 if add is not None or rules is not None else 200
    return render(request, "rotations/contact/contact_points.html", context, status=status)


def _my_contact_point(request: HttpRequest, pk: int) -> ContactPoint:
    return get_object_or_404(ContactPoint.objects.of(_me(request)), pk=pk)


def _me(request: HttpRequest) -> User:
    assert request.user.is_authenticated  # LoginRequiredMiddleware
    return request.user
