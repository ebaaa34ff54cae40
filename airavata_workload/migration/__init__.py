"""Moving an installation's experiments into other backing systems."""
