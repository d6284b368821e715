/// Settings of the SSH server that outweigh the distribution's (sshd_config(5): the first value of a key wins).
enum SSHHardening {
    static let file = TreeFile(
        "/etc/ssh/sshd_config.d/05-kairos-hardening.conf",
        """
        # Whether passwords are accepted is not decided here.
        Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr
        KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256
        MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-512,hmac-sha2-256
        HostKeyAlgorithms ssh-ed25519,ssh-ed25519-cert-v01@openssh.com,rsa-sha2-256,rsa-sha2-256-cert-v01@openssh.com,rsa-sha2-512,rsa-sha2-512-cert-v01@openssh.com

        PermitRootLogin no
        PermitEmptyPasswords no
        HostbasedAuthentication no
        IgnoreRhosts yes
        StrictModes yes
        UsePAM yes

        MaxAuthTries 2
        MaxSessions 10
        MaxStartups 10:30:60
        LoginGraceTime 30
        ClientAliveInterval 300
        ClientAliveCountMax 3
        TCPKeepAlive no
        UseDNS no

        AllowAgentForwarding no
        AllowTcpForwarding no
        X11Forwarding no
        PermitTunnel no
        GatewayPorts no

        SyslogFacility AUTH
        LogLevel VERBOSE

        """)

    /// Groups for Diffie-Hellman that are shorter are left out of `/etc/ssh/moduli` (moduli(5) counts one bit less
    /// than the modulus has).
    static let minimumModuliBits = 2047

    /// The lines of `/etc/ssh/moduli` whose size, the fifth field, is large enough.
    static func strongModuli(_ text: String, minimumBits: Int) -> String {
        let lines = text.split(separator: "\n").filter { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count > 4, !line.hasPrefix("#"), let bits = Int(fields[4]) else { return false }
            return bits >= minimumBits
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
