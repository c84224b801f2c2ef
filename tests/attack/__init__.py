"""What somebody would try who wants to write to people who said no, or to read about them."""
