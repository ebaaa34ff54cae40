"""Graph stores: abstract and loaded DAGs."""
