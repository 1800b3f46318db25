"""Helpers that tests import: no test or fixture imports from a conftest or from another test."""
