// libarchive: trees into layers and back.
