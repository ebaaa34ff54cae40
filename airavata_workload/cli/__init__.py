"""The command line ``airavata-workload``.

``commands`` hold what each command does, ``views`` what people see; the
modules beside them hold what all commands share. Whatever is slow to import
is imported by the command that needs it, so that ``--help`` stays quick.
"""
