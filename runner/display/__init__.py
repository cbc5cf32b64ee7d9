"""How a run is shown to people: a live tree on a terminal, plain lines everywhere else.

Displays listen to the engine's events and never influence it. What machines read is `runner/document.py`, not this.
"""
