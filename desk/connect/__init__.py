"""`pressroom connect`: an account is set up on the terminal, and tried before anything is written."""
