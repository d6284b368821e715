// OpenSSL, as far as the farm needs it.
