__all__ = ['ttypes', 'constants', 'BaseAPI']
