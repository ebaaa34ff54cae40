__all__ = ['ttypes', 'constants', 'Airavata']
