"""A person's own pages: how times and colours are shown to them, keys for their programs; and the very first person."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from rotations.people import first_administrator, services
from rotations.people.clock import now
from rotations.people.forms import ApiTokenForm, FirstAdministratorForm, PreferencesForm
from rotations.people.models import ApiToken


def preferences(request: HttpRequest) -> HttpResponse:
    """Time zone and theme; everybody their own."""
    assert request.user.is_authenticated  # LoginRequiredMiddleware
    form = PreferencesForm(request.POST or None, instance=request.user)
    if form.is_valid():
        services.change_preferences(user=request.user, **form.cleaned_data, by=request.user, now=now())
        messages.success(request, _("Saved. Times and colours are now as you chose."))
        return redirect("preferences")
    return render(request, "rotations/people/preferences.html", {"form": form})


@never_cache
def api_tokens(request: HttpRequest) -> HttpResponse:
    """A person's own tokens. A new one is answered at once, without a redirect: nothing keeps it to show it later."""
    assert request.user.is_authenticated  # LoginRequiredMiddleware
    form, token = ApiTokenForm(request.POST or None), None
    if form.is_valid():
        name = form.cleaned_data["name"]
        _kept, token = services.create_api_token(user=request.user, name=name, by=request.user, now=now())
        form = ApiTokenForm()
    tokens = ApiToken.objects.filter(user=request.user, revoked_at__isnull=True).order_by("name", "pk")
    return render(request, "rotations/people/api_tokens.html", {"form": form, "token": token, "tokens": tokens})


@require_POST
def revoke_api_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one of a person's own tokens."""
    assert request.user.is_authenticated  # LoginRequiredMiddleware
    token = get_object_or_404(ApiToken.objects.filter(user=request.user).select_related("user"), pk=pk)
    services.revoke_api_token(token=token, by=request.user, now=now())
    messages.success(
        request, _("“%(name)s” is revoked. Whatever used it is refused from now on.") % {"name": token.name}
    )
    return redirect("api-tokens")


@never_cache
@login_not_required
@sensitive_post_parameters("password")
def become_first_administrator(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link that the terminal shows on an installation that nobody administers yet."""
    form = FirstAdministratorForm(request.POST or None)
    try:
        first_administrator.read_token(token, now=now())
        if form.is_valid():
            user = first_administrator.create_first_administrator(token=token, **form.cleaned_data, now=now())
            login(request, user)
            return redirect("first-steps")
    except ValidationError as refused:
        return render(request, "rotations/people/link_refused.html", {"why": " ".join(refused.messages)}, status=403)
    return render(request, "rotations/people/first_administrator.html", {"form": form})


@require_safe
def first_steps(request: HttpRequest) -> HttpResponse:
    """What to do on the first day, in order."""
    return render(request, "rotations/people/first_steps.html")
