// The specification of Spec.
