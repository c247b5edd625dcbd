"""The trusted side of the sandbox: the box, its cells, and what they may use."""
