"""What a vendor's own controllers do in a cluster: nodes, disks, load balancers, and draining; `cloud` runs them."""
