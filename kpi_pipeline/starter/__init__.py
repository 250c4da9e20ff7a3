"""Starter: tables that were looked at, to a first project in YAML that works and asks to be edited."""
