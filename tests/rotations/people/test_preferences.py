"""A person chooses in which zone they read times, and in which colours."""

import pytest
from django.urls import reverse

from rotations.people.models import AuditEntry

CHOICE = {"time_zone": "America/New_York", "theme": "dark"}


@pytest.mark.parametrize("who", ["manager", "member", "observer", "stranger", "superuser"])
def test_everybody_changes_their_own_zone_and_theme(client, actors, who):
    user = getattr(actors, who)
    client.force_login(user)
    page = client.post(reverse("preferences"), CHOICE, follow=True).content.decode()
    user.refresh_from_db()
    assert (user.time_zone, user.theme) == ("America/New_York", "dark")
    assert "Saved. Times and colours are now as you chose." in page
    assert "Times are in America/New_York (" in page
    assert AuditEntry.objects.get(action="person.preferences_changed").by == user


def test_a_zone_that_the_list_leaves_out_is_kept_when_only_colours_change(client, actors):
    actors.member.time_zone = "CET"
    actors.member.save()
    client.force_login(actors.member)
    form = client.get(reverse("preferences")).context["form"]
    assert '<option value="CET" selected>' in str(form["time_zone"])
    client.post(reverse("preferences"), {"time_zone": "CET", "theme": "dark"})
    actors.member.refresh_from_db()
    assert (actors.member.time_zone, actors.member.theme) == ("CET", "dark")


def test_an_unknown_zone_is_refused_with_a_sentence(client, actors):
    client.force_login(actors.member)
    page = client.post(reverse("preferences"), {**CHOICE, "time_zone": "Mars/Olympus"}).content.decode()
    actors.member.refresh_from_db()
    assert actors.member.time_zone == "Europe/Berlin"
    assert "Mars/Olympus is not one of the available choices." in page


def test_nobody_does_so_without_signing_in(client, db):
    assert client.post(reverse("preferences"), CHOICE).headers["Location"].startswith(reverse("account_login"))
