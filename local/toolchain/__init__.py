"""The programs of the local control plane, built from Go modules that the go.mod files below this folder pin.

No Go code of ours is here: each folder is one module whose `tool` lines are what is built. Tools whose dependencies
agree share a module, so that a package they share is compiled once. Starting the programs is not this package's job.
"""
