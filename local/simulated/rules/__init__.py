"""What the vendors' APIs refuse although the types are right, one module for each area. Pure, found by token."""
