"""Values and state machines of the engine: standard library only, no input or output."""
