"""One module for each group of commands. Thin: parse the call, run, show."""
