"""The vendor `aks`: a cluster on Azure Kubernetes Service, its network, nodes, identities and add-ons."""
