"""Registries: experiments, jobs and the audit trail."""
