"""Lets djscope attach to the djust servers of this environment, without a restart.

`djscope probe install` puts this package beside `djscope_dormant.pth`, by which
Python runs it at its start; `djscope probe uninstall` takes both away. All that
it does is to wait for djust: one finder, a comparison for each import, gone as
soon as djust was imported. The rest is in `djscope_probe`, loaded then.

A server that djscope has started has a probe already, and `DJSCOPE_PROBE=0`
wants none: nothing is done in either.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


def _offer(_name, _module):
    """djust is there: this process may be a server."""
    _leave()
    if "djscope_probe" in sys.modules:
        return
    from .entrance import load_probe, wait_for

    load_probe(_HERE)
    import djscope_probe.offer

    djscope_probe.offer.begin(wait_for)


if not os.environ.get("DJSCOPE_PROBE_ADDRESS") and os.environ.get("DJSCOPE_PROBE") != "0":
    from .entrance import wait_for

    _leave = wait_for(frozenset({"djust"}), _offer)
