"""Watches the jobs of parked tasks: one query a cluster for all of them."""
