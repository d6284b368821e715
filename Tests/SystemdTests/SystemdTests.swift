// The specification of Systemd.
