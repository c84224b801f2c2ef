"""What tests stand on: real servers, real processes, a clock that is moved by hand."""
