// Trees and OCI layouts.
