"""Scratchpad scheduling: operator order, memory allocation and tensor replacement chosen together (COSMA)."""
