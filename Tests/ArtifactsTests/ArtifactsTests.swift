// The specification of Artifacts.
