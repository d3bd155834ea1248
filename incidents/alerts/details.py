"""What a sender told beside summary and severity, as a page prints it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Link:
    """An address on the web that the sender gave, and what to call it."""

    address: str
    text: str


def links_of(detail: Mapping[str, Any]) -> list[Link]:
    """Links, images (as links: pages load nothing from elsewhere) and the sender's own page."""
    links = [Link(link["href"], link.get("text") or link["href"]) for link in detail.get("links", [])]
    links += [Link(image["src"], image.get("alt") or _("Image")) for image in detail.get("images", [])]
    if detail.get("client_url"):
        links.append(Link(detail["client_url"], detail.get("client") or detail["client_url"]))
    return links


def said(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Everything else, name by name, as the sender called it."""
    names = {"component": _("Component"), "group": _("Group"), "class": _("Class")}
    named = [(name, detail[key]) for key, name in names.items() if detail.get(key)]
    custom = detail.get("custom_details", {})
    rest = custom.items() if isinstance(custom, dict) else [(_("Details"), custom)]
    return [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in (*named, *rest)]
