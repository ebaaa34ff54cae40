"""What the graph store in Neo4j is made of: connection, transactions, statements."""
