"""Teams and people: who answers for goals and KPIs."""

from __future__ import annotations

from pydantic import Field

from kpi_pipeline.names import Name, Named

COMPANY = "company"
"""The viewpoint of everybody together, and the parent of teams that name none."""


class Team(Named):
    """A team, somewhere below the company."""

    parent: str = Field(default=COMPANY, description="the team above, or company")
    manager: Name | None = Field(default=None, description="the person who leads the team")


class Person(Named):
    """Somebody who owns goals, KPIs or metrics."""

    team: Name | None = Field(default=None, description="the team they belong to")
    manager: Name | None = Field(default=None, description="the person they report to")
    email: str | None = Field(
        default=None, description='kept out of every table; "${SALES_MAIL}" takes it from the environment'
    )
