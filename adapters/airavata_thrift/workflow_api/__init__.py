__all__ = ['ttypes', 'constants', 'Workflow']
