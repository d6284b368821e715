// A Kairos-ready image made into bootable artifacts.
