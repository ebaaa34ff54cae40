"""Gateways, their users, groups and accounts."""
