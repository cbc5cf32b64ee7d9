"""Reusable Pulumi component resources: clusters, operators, services, and the Platform that composes them.

Ordinary Pulumi: nothing here knows which engine runs it. Manifests, order and readiness are pure functions; only
component classes and `registration.py` touch Pulumi.
"""
