"""Several stacks in one cluster: what is whose, and what one stack must not do to another (docs/adr/0008)."""
