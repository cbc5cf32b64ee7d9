"""The vendor `gke`: a cluster on Google Kubernetes Engine, its network, nodes, identities and add-ons."""
