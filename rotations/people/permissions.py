"""Who may do what: the one place (R: access from the first day).

Everybody who is signed in reads schedules, calendars and who is on call, without contact data. The rest is the team's:
observers read, responders act on incidents, managers decide. An administrator (superuser) may do everything.
"""

from rotations.people.models import ApiToken, Membership, Role, Team, User


def roles(user: User) -> dict[int, str]:
    """The person's role by team, asked of the database once for each `User` object."""
    if not hasattr(user, "_roles_by_team"):
        user._roles_by_team = dict(Membership.objects.filter(user=user).values_list("team_id", "role"))  # type: ignore[attr-defined]
    return user._roles_by_team  # type: ignore[attr-defined, no-any-return]


def may_read_team(user: User, team_id: int) -> bool:
    """Incidents, services, messages and reports of a team are for its members."""
    return user.is_active and (user.is_superuser or team_id in roles(user))


def may_respond(user: User, team_id: int) -> bool:
    """Acknowledge, escalate, resolve: responders and managers of the team."""
    return user.is_active and (user.is_superuser or roles(user).get(team_id) in {Role.RESPONDER, Role.MANAGER})


def may_manage(user: User, team_id: int) -> bool:
    """Publish, override, change policies, people and keys: managers of the team."""
    return user.is_active and (user.is_superuser or roles(user).get(team_id) == Role.MANAGER)


def manages_something(user: User) -> bool:
    """Whether a person is manager of any team."""
    return user.is_active and (user.is_superuser or Role.MANAGER in roles(user).values())


def may_revoke_token(user: User, token: ApiToken) -> bool:
    """People revoke their own tokens; an administrator anybody's, since a leak does not wait."""
    return user.is_active and (user.is_superuser or token.user_id == user.pk)


def teams_of(user: User) -> "set[int]":
    """The teams whose affairs a person may read."""
    if user.is_superuser:
        return set(Team.objects.values_list("pk", flat=True))
    return set(roles(user))
