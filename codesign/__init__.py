"""codesign: hardware-software co-design exploration, from declarative spaces to Pareto frontiers."""
