// A base root filesystem made Kairos-ready.
