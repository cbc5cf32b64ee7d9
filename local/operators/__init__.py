"""Operators that are played: what an operator would make of its custom resources, as far as the API shows it.

On simulated nodes no container runs. An operator that exists as a Go module really runs beside the cluster
(`local/beside.py`); of the others the objects, status and Secrets that they would write are written from here, so that
all that waits for them, reads them or cleans up after them can be seen to work. No database runs.
"""
