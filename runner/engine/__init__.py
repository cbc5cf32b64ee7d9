"""What the embedded engine decides: goals against entries, order of deletion, outcomes. Speaks neither gRPC nor HTTP."""
