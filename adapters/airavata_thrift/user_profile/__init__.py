__all__ = ['ttypes', 'constants', 'UserProfileService']
