"""Ways to accounts on compute resources."""
