"""What clients may do, whatever they speak: the command line, and later Thrift and REST, stand on this."""
