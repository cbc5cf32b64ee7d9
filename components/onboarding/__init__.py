"""Onboarding: what a vendor or a distributor must grant before the first `up`.

Components that create those grants (roles, projects, quotas, registries) belong here, each run once by the vendor and
not by the stacks of its customers. Nothing is here yet; clusters, operators and services never belong here.
"""
