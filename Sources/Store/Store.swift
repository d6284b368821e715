// Artifacts by digest.
