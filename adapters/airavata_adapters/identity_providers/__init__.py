"""Where the accounts of gateways' users are kept, if not by this installation itself."""
