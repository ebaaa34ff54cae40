__all__ = ['ttypes', 'constants', 'RegistryService']
