"""Published simulators and claims about processing elements, recomputed."""
