/// What a layer says of a file besides its content.
struct FileAttributes {
    var permissions: UInt32 = 0o755
    var owner: UInt32 = 0
    var group: UInt32 = 0
    /// Seconds since 1970.
    var time = 0
    var nanoseconds = 0
    var extended: ExtendedAttributes.List = []
}
