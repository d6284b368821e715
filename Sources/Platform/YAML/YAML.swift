// libyaml's events as a tree of nodes with line and column.
