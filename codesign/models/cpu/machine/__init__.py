"""The compiled simulator: one pass over a trace, every instruction gets the cycles of its stages."""
