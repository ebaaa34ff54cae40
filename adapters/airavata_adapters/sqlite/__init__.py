"""The one SQLite file behind all embedded backing systems: connections, group commit, schema, sessions."""
