__all__ = ['ttypes', 'constants', 'OrchestratorService']
