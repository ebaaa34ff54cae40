"""Experiments from their project to their outputs."""
