"""The vendor `eks`: a cluster on Amazon EKS, its network, nodes, identities and add-ons."""
