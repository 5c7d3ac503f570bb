"""Where in the user's cache guests and their disks are kept: one folder each, named by a hash."""

from __future__ import annotations

CACHE = "guest"
META = "guest.json"
"""Written last: a folder without it is not whole."""
KEY_DIGITS = 32
"""Digits of a hash that a folder is named by."""
