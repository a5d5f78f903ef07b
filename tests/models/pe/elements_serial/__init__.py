"""Specification of bit-serial, pre-aligned, table and approximate elements."""
