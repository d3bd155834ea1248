"""A person's own page: how times and colours are shown to them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from rotations.people import services
from rotations.people.clock import now
from rotations.people.forms import PreferencesForm


def preferences(request: HttpRequest) -> HttpResponse:
    """Time zone and theme; everybody their own."""
    assert request.user.is_authenticated  # LoginRequiredMiddleware
    form = PreferencesForm(request.POST or None, instance=request.user)
    if form.is_valid():
        services.change_preferences(user=request.user, **form.cleaned_data, by=request.user, now=now())
        messages.success(request, _("Saved. Times and colours are now as you chose."))
        return redirect("preferences")
    return render(request, "rotations/people/preferences.html", {"form": form})
