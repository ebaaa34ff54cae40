"""As whom gateways, groups and users work on which resources."""
