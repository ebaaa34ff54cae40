"""The abstract classes that adapters and plugins fulfil, one a file.

The engine knows outside systems only through these. Every method may raise
``UnavailableError`` when the system behind it does not answer; what else it
raises, its docstring says. Implementations are safe to call from any thread.
"""
