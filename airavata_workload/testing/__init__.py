"""Conformance suites of the ports, and what tests of plugins and adapters need. Third parties run them over theirs."""
