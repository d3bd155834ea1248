"""What was said to people, and how: to read, never to change. Addresses are contact data: administrators only."""

from django.contrib import admin

from rotations.contact.models import ContactPoint, Delivery, Message, NotificationRule
from rotations.people.admin import RecordAdmin


@admin.register(ContactPoint)
class ContactPointAdmin(RecordAdmin[ContactPoint]):
    list_display = ["user", "channel", "address", "label", "verified_at", "archived_at"]
    list_filter = ["channel"]
    list_select_related = ["user"]
    search_fields = ["user__name", "user__email"]
    fields = ["user", "channel", "address", "label", "verified_at", "archived_at"]  # never the signing secret


@admin.register(NotificationRule)
class NotificationRuleAdmin(RecordAdmin[NotificationRule]):
    list_display = ["user", "tier", "contact_point", "after"]
    list_select_related = ["user", "contact_point"]
    search_fields = ["user__name", "user__email"]


@admin.register(Message)
class MessageAdmin(RecordAdmin[Message]):
    list_display = ["created_at", "recipient", "kind", "subject", "seen_at", "undeliverable_at"]
    list_filter = ["kind"]
    list_select_related = ["recipient"]
    search_fields = ["recipient__name", "recipient__email"]
    # The path may be a signed link to acknowledge as the recipient; so may be the body.
    fields = ["recipient", "kind", "subject", "created_at", "seen_at", "undeliverable_at"]


@admin.register(Delivery)
class DeliveryAdmin(RecordAdmin[Delivery]):
    list_display = ["message", "channel", "state", "due_at", "attempts", "failing_at", "finished_at"]
    list_filter = ["state", "channel"]
    list_select_related = ["message"]
    search_fields = ["message__recipient__name"]
