"""Network spaces that others trained and tabulated: each network as a graph, each set as a table."""
