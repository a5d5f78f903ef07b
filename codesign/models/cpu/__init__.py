"""Out-of-order cores: a one-pass simulator, and predictors of its IPC."""
