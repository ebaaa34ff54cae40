__all__ = ['ttypes', 'constants', 'CredentialStoreService']
