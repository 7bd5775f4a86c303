"""Bundles from the models of other libraries.

A module for each library has an ``EXAMPLE``, an ``add_arguments`` that declares the options that only it needs, and a
``load`` that makes a bundle of what the library saved; ``core`` has what they share. ``python -m sidecart import LIBRARY MODEL --out BUNDLE`` calls them.
"""

# Which says how to install NumPy where it is missing.
from .. import bundle as bundle
