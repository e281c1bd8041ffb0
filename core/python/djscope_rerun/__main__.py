"""`python -m djscope_rerun READ WRITE`: the numbers of the two pipes."""

import sys

from .worker import main

sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
