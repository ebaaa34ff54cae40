"""The orchestrator's own interface, for the other servers of an installation."""

from __future__ import annotations

from airavata_workload.api.access.permission import require_internal
from airavata_workload.api.experiments.experiments import NOT_CANCELLED, Experiments, present_state
from airavata_workload.api.experiments.process_catalogue import ProcessCatalogue
from airavata_workload.api.sharing.sharing import WRITE
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import ConflictError, InputError
from airavata_workload.records.processes import GatewayProcess


class Orchestration:
    """Launches and ends experiments for internal peers, whoever owns them.

    Source: Airavata 0.17, ``OrchestratorService``: what is answered instead of an error.
    """

    def __init__(self, *, experiments: Experiments, processes: ProcessCatalogue) -> None:
        self._experiments = experiments
        self._processes = processes

    def launch(self, caller: Caller, experiment_id: str, gateway_id: str) -> bool:
        """Hand an experiment to the engine. Raises ``InputError`` for one that cannot work."""
        require_internal(caller, "launch experiments for others")
        self._experiments.launch(caller, experiment_id, gateway_id)
        return True

    def validate(self, caller: Caller, experiment_id: str) -> bool:
        """Whether the experiment could be launched. Raises ``InputError`` that says why not."""
        require_internal(caller, "check experiments for others")
        return self._experiments.validate(caller, experiment_id)

    def launch_process(self, caller: Caller, process_id: str, credential_token: str, gateway_id: str) -> bool:
        """Hand the experiment of a process to the engine, unless it has it.

        The engine makes processes itself, and takes credentials from the resource profiles.
        """
        experiment_id = self._processes.get_process(caller, process_id).experiment_id
        if self._experiments.standing(experiment_id) is None:
            self._experiments.launch(caller, experiment_id, gateway_id)
        return True

    def validate_process(self, caller: Caller, experiment_id: str, processes: tuple[GatewayProcess, ...]) -> bool:
        """Whether the experiment could be launched: its processes ask for what it asks for."""
        strangers = [each.process_id for each in processes if each.experiment_id != experiment_id]
        if strangers:
            raise InputError(
                f"Processes {', '.join(strangers)} are not of experiment '{experiment_id}'.",
                remedy="Name processes of one experiment.",
            )
        return self.validate(caller, experiment_id)

    def terminate(self, caller: Caller, experiment_id: str, gateway_id: str) -> bool:
        """Cancel an experiment; false for one that was not launched, has ended or is being cancelled."""
        require_internal(caller, "end experiments for others")
        experiment = self._experiments.stored(caller, experiment_id, WRITE)
        if present_state(experiment, self._experiments.standing(experiment_id)) in NOT_CANCELLED:
            return False
        try:
            self._experiments.terminate(caller, experiment_id, gateway_id)
        except (ConflictError, InputError):
            return False
        return True
