"""Clusters: one vendor in one module, each with a component `Cluster` that yields `contracts.ClusterFacts`.

Vendors know nothing of each other, and a vendor's SDK is imported only when a stack uses it (`catalogue.py`). What all
of them share is in `provider.py`, `storage.py` and `kubeconfigs.py`.
"""
