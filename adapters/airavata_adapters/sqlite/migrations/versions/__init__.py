"""One module a revision. The two branches, ``registry`` and ``embedded``, are independent of one another."""
