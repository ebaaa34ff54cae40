"""The routes under ``/api/v1`` that notebooks of the Python SDK call."""
