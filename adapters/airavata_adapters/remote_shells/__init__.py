"""Remote shells: ``local`` on this machine and ``ssh`` on others, both through a few long-lived shells."""
