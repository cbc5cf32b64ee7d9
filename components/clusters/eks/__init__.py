"""The vendor `eks`: Kubernetes as Amazon runs it.

`cluster.py` has the component; the other modules each create one part of it, from properties that pure functions build.
Resources are registered by the names of the provider's schema (`registration.resource`), never by the SDK's classes.
"""
