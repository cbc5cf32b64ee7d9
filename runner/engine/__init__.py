"""What the embedded engine decides: goals against entries, order of deletion, outcomes. Speaks no gRPC and no HTTP."""
