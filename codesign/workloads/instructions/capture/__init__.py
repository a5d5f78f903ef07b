"""Recording instruction traces of programs with QEMU's user-mode emulator and a plugin of our own."""
