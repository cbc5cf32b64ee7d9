"""Operators: the operational intelligence. Catalogue, order, releases, and the component that installs one.

`ordering.py`, `bundles.py` and each operator's module are pure. `releases.py` is the only place that reads files or the
network, `install.py` the only one that registers resources.
"""
