"""What would we say? Pure: plain data in, plain data out; no clock, network, database or chance."""
