"""How busy a Slurm cluster is. Source: squeue(1), sinfo(1) of Slurm 22.05."""

from __future__ import annotations

from airavata_adapters.batch_systems.answers import BEGIN, close_section, required, sections
from airavata_workload.domain.cluster import BatchLoad
from airavata_workload.domain.errors import UnavailableError
from airavata_workload.ports.remote_shell import CommandResult


def load_script(squeue: str, sinfo: str) -> str:
    """Count everybody's pending and running jobs, and the CPUs of the cluster."""
    return (
        f"export LC_ALL=C\nprintf '{BEGIN}\\n'\n"
        # Counted there: a busy cluster has tens of thousands of jobs.
        f"queue=$({squeue} --noheader --all --array --states=PENDING,RUNNING --format='%T' 2>&1)\n"
        "code=$?\nprintf '%s\\n' \"$queue\" | sort | uniq -c\nprintf '@@squeue %s\\n' \"$code\"\n"
        f"{sinfo} --noheader --all --format='%C' 2>&1\n{close_section('sinfo')}"
    )


def parse_load(result: CommandResult) -> BatchLoad:
    """The counts. Raises ``UnavailableError`` when Slurm did not answer."""
    found = sections(result)
    jobs = required(found, "squeue", result, "Asking squeue")
    cpus = required(found, "sinfo", result, "Asking sinfo")
    if jobs.exit_code or cpus.exit_code:
        raise UnavailableError(f"Slurm does not say how busy it is: {' '.join((*jobs.lines, *cpus.lines))[-500:]}")
    counts: dict[str, int] = {}
    for line in jobs.lines:
        count, _, state = line.strip().partition(" ")
        if count.isdecimal():
            counts[state] = int(count)
    # Source: sinfo(1): %C is "allocated/idle/other/total".
    totals = [line.strip().split("/") for line in cpus.lines]
    if not all(len(words) == 4 and words[3].isdecimal() for words in totals):
        raise UnavailableError(f"sinfo does not say how many CPUs there are: {' '.join(cpus.lines)[-500:]}")
    return BatchLoad(
        jobs_running=counts.get("RUNNING", 0),
        jobs_pending=counts.get("PENDING", 0),
        cpu_count=sum(int(words[3]) for words in totals),
    )
