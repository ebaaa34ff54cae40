"""Builds loaded DAGs, applies outcomes, finds the tasks that became ready, decides how experiments end."""
