"""The dialects of batch systems: ``slurm``, and ``fork`` for machines without one. Pure functions only."""
