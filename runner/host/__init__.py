"""The engine's side of Pulumi's gRPC protocol: talks to the program, decides nothing."""
