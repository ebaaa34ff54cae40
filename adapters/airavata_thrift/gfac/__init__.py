__all__ = ['ttypes', 'constants', 'GfacService']
