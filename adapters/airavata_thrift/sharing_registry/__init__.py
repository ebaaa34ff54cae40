__all__ = ['ttypes', 'constants', 'SharingRegistryService']
