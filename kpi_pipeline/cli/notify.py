"""`kpi notify`: everybody is told what is new to them."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import Notes, console
from kpi_pipeline.errors import counted
from kpi_pipeline.pipeline.notify import notify

UNDELIVERED = 6
"""The exit code when a message did not get through."""


def notify_people(asked: Path, *, wait: float) -> int:
    """Sends what is new and what is still waiting, and says what became of it; 0 if nothing is left waiting."""
    project = open_project(asked).project
    out, err = console(), console(stderr=True)
    if not project.settings.notify:
        out.print("Nobody is to be told of anything.")
        out.print(Text("Hint: `notify` in project.yaml says who is told what.", style="dim"))
        return 0
    came = notify(project, say=lambda line: out.print(line, soft_wrap=True), wait=wait, watch=Notes())
    for title, reason in came.failed:
        err.print(Text(f"Not told, to be tried again: {title}: {reason}.", style="yellow"), soft_wrap=True)
    for title, reason in came.given_up:
        err.print(Text(f"Given up: {title}: {reason}.", style="red"), soft_wrap=True)
    out.print(f"{counted(len(came.told), 'message')} sent." if came.told else "Nothing new to tell.")
    return UNDELIVERED if came.failed or came.given_up else 0
