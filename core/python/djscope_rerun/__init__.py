"""Runs recorded turns again, in the project's own interpreter, with djust's own consumer and runtime.

djscope starts it as `python -m djscope_rerun`, and asks in JSON lines over two
pipes of its own; standard input and output stay the project's. What a turn did
is reported by the probe, `djscope_probe`, in the same words as the first time.
Nothing that a handler does is meant to leave the process: `guard`, `databases`,
`outside` and `clock` see to that, and what was held back is reported.
"""
