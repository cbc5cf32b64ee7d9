"""A stack's whole life, played on this machine: `places` has it, `playing` goes through it, `verdicts` judges it."""
