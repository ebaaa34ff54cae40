"""Airavata's Thrift services: one server, one application layer behind it, every client generation in front of it."""
