"""What a short sample of a program tells of its IPC on any core: misses, mispredictions, one-pass times, bounds."""
