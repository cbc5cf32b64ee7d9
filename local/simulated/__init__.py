"""Vendors' APIs simulated on this machine: as strict as the SDKs' types and the rules that bite in practice."""
