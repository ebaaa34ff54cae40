"""Example plugins for airavata-workload, written as anybody would write them: against its ports and nothing else."""
