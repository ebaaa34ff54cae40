"""The files that people write: experiments, clusters and DAGs, read with the line of every key."""
