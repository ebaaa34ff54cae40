"""Who says whose an access token is: this installation itself, or an OpenID Connect provider."""
