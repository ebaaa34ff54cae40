__all__ = ['ttypes', 'constants', 'IamAdminServices']
