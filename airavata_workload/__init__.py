"""airavata-workload: a workload engine for science gateways.

An experiment is kept as a graph of tasks; each kind of task is a plugin; the
engine may be killed at any moment and neither loses nor repeats work.
"""

__version__ = "0.1.0"
