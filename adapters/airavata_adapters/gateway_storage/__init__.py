"""The installation's own storage for its gateways' users, over SFTP and SCP."""
