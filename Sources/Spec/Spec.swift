// What to build, and the plan that follows from it.
