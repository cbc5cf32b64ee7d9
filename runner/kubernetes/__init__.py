"""Kubernetes objects: the API client, server-side apply, differences, readiness. Knows nothing of Pulumi's protocol."""
