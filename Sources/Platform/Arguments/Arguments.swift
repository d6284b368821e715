// A command line as data: parsing, help, completion and man pages from one description.
