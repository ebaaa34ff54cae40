__all__ = ['ttypes', 'constants', 'TenantProfileService']
