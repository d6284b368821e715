// What a terminal can show, and what a pipe gets instead.
