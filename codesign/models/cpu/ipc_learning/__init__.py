"""IPC learned from the counts of gem5 runs, after arXiv 2402.18746: its tables, features, regressors and splits."""
