"""Bundles from the models of other libraries.

Each module here knows one library and has a ``load`` that makes a bundle from a file it saved; ``core`` has what they
share. ``python -m sidecart import LIBRARY MODEL --out BUNDLE`` calls them.
"""
