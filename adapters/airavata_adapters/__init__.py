"""What speaks to outside systems: one folder a port, one module a system."""
