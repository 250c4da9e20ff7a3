"""Dagster's view of a project: its assets, checks, schedule and history. The only room that imports Dagster."""
