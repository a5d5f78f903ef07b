"""Statistics that the gem5 simulator writes, and a public set of its runs."""
