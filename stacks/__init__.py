"""Stack files and what they mean: data, its schema and its checks.

Creates nothing, imports no Pulumi and none of the other packages. Validators are pure: no network, clock, environment.
"""
