"""Recovery nodes: which experiments run and which services live."""
