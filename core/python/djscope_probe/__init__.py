"""The djscope probe: tells djscope what happens inside a djust server.

The package is put into a server's processes by environment only (see
`startup/sitecustomize.py`). It watches, it never decides: every wrapper calls
what it wraps with the arguments it got, a failure of the probe itself is
counted and reported, and nothing here waits for djscope.

The messages are described in `docs/probe-protocol.md`.
"""

PROTOCOL = 2
