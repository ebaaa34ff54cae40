"""The task plugins that come with the engine, one module a kind, and what they share."""
