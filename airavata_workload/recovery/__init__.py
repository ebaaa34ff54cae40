"""Finds experiments that nobody drives any more, and has them resumed."""
