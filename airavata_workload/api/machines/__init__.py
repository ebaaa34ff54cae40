"""What was registered, as the clusters of the engine."""
