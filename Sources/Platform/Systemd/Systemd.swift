// The service side of systemd: notify, watchdog, journal.
