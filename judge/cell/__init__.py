"""Everything of ours that a cell can see; imports the standard library and torch, and decides nothing."""
