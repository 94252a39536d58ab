from datetime import datetime, timedelta

from django.apps import AppConfig, apps

from isecg.mail import registry
from isecg.mail.notices import Notice

CANCELLED = "meeting:cancelled"
HOURS = range(6, 49, 6)


class PlannedConfig(AppConfig):
    name = "tests.isecg.mail.planned"
    label = "planned"

    def ready(self):
        registry.register_planner("planned", plan)
        registry.register(
            "planned",
            still_due=lambda letter: "It was cancelled." if letter.about == CANCELLED else None,
        )


def plan(now):
    """Plan two days of letters for each person whose name is the instant at their end."""
    for person in apps.get_model("workgroups.User").objects.filter(email__startswith="planned"):
        for hours in HOURS:
            due_at = datetime.fromisoformat(person.name) - timedelta(hours=hours)
            yield Notice(
                kind="planned",
                occurrence=due_at.isoformat(),
                recipient=person,
                about=CANCELLED if hours == 24 else "meeting:held",
                subject=f"{hours} hours late",
                text="Text.",
                why="You are invited.",
                thread="meeting:1",
                due_at=due_at,
            )
