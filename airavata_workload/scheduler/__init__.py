"""Decides which ready task goes to a worker, and when."""
