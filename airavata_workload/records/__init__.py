"""What portals keep: plain frozen values, one module a topic, with Airavata's words for members of enumerations."""
