"""Record stores: one table a kind of records, in SQLite, MySQL or MariaDB."""
