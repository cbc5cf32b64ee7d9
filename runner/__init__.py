"""The command line and the embedded engine. Imports no component and no policy: it runs them."""
