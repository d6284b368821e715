// Strict JSON: checked before it is decoded, canonical when it is written.
