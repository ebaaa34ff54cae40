"""Keys, passwords and certificates of gateways and their users."""
