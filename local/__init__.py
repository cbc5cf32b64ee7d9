"""This machine as a vendor: a real Kubernetes control plane from source, its simulated nodes, what runs beside it."""
