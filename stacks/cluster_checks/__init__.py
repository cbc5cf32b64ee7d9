"""What must hold between the fields of a managed cluster's settings, one module for each subject.

Pure functions of settings and of what these come to (`resolution.py`); each yields findings, and nothing stops at the
first. `checks.py` runs them all. A check that looks at what is wrong by itself, and so `unknown`, ends there; one that
judges several things of a kind is a `for_each`, so that the others are judged all the same.

Only what the vendor would refuse, or what would do nothing or harm, is an error: whether a choice is wise is for the
policy packs.
"""
