__all__ = ['ttypes', 'constants', 'GroupManagerService']
