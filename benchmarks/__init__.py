"""Benchmarks: speed, and how near each search comes to frontiers that are known. ``make bench`` runs all."""
