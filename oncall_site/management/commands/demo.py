"""`manage.py demo`: a team to try Tandem with. Adds it, prints how to use it, takes it away."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from oncall_site import demo, demo_removal, welcome
from rotations.people.clock import now


class Command(BaseCommand):
    help = "Add a demo team with six people on call, and print how to sign in and send an event."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print address, logins, keys as JSON, for scripts")
        parser.add_argument("--remove", action="store_true", help="take the demo away, unless real data refers to it")
        parser.add_argument("--force-public", action="store_true", help="even if SITE_URL can be reached by others")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["remove"]:
                self.stdout.write(demo_removal.remove())
                return
            if not options["force_public"]:
                demo.check_private()
            demo.create(now=now())
            found = demo.read(now=now())
        except ValidationError as refused:
            raise CommandError("\n".join(refused.messages)) from refused
        except DatabaseError as unreadable:
            raise CommandError(
                "The database cannot be read. Start Tandem first: make run. "
                "Where it runs with DATA_DIR or DATABASE_URL, give them here too."
            ) from unreadable
        as_text = "\n".join([found.address, "", *welcome.demo_lines(found)])
        self.stdout.write(json.dumps(found.as_json(), indent=2) if options["json"] else as_text)
