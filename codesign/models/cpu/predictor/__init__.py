"""IPC of a program on any core of a design space, learned from simulations of other programs on other cores."""
