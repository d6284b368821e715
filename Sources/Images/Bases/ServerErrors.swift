/// What apt says of an HTTP server that is there and cannot answer now (RFC 9110, "Server Error 5xx", and 429).
package enum ServerErrors {
    package static let phrases = [
        "429  Too Many Requests", "500  Internal Server Error", "502  Bad Gateway", "503  Service Unavailable",
        "504  Gateway Time", "429 Too Many Requests", "500 Internal Server Error", "502 Bad Gateway",
        "503 Service Unavailable", "504 Gateway Time",
    ]
}
