"""Credential stores: keys and passwords, encrypted."""
