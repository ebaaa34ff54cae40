"""Claims tasks, runs their plugins and reports how they ended."""
