"""Services: what customers get. Catalogue, pure manifest builders, and the component that registers what they build.

A builder takes plain data and returns plain manifests, the same on every vendor. Only `service.py` touches Pulumi.
"""
