"""The built-in networks, one file per family. Each file lists what it defines in ``NETWORKS``."""
