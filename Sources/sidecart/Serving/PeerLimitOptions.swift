import ArgumentParser
import RPC

/// What peers may take up.
struct PeerLimitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Most connections at once.", valueName: "n"))
    var connectionsMax = RPCLimits().connectionsMax

    @Option(
        help: ArgumentHelp(
            "Most connections of one uid. Default: all but a few, which are left to others.",
            valueName: "n"))
    var connectionsPerUidMax: Int?

    @Option(
        help: ArgumentHelp(
            "Most calls of one uid that were received and are not answered. At most 3072 of them may be pending: long calls, and those that wait for the disk.",
            valueName: "n"))
    var callsPerUidMax = RPCLimits().callsPerUIDMax

    @Option(
        help: ArgumentHelp(
            "Cap on partial frames, waiting calls and unsent replies of all connections, in MiB. Past it the largest holders lose theirs.",
            valueName: "n"))
    var bufferMebibytesMax = RPCLimits().bufferBytesMax >> 20

    @Option(
        help: ArgumentHelp(
            "The same for one uid, in MiB. Default: three quarters of --buffer-mebibytes-max.",
            valueName: "n"))
    var bufferMebibytesPerUidMax: Int?

    @Option(
        help: ArgumentHelp(
            "Close a connection on which nothing happened for so long; 0 never.",
            valueName: "seconds"))
    var idleSeconds = 0

    func validate() throws {
        func check(_ name: String, _ value: Int?, _ range: ClosedRange<Int>) throws {
            guard let value, !range.contains(value) else { return }
            throw ValidationError(
                "\(name) is \(value); it must be \(range.lowerBound) to \(range.upperBound)")
        }
        try check("--connections-max", connectionsMax, 1...1_000_000)
        try check("--connections-per-uid-max", connectionsPerUidMax, 1...1_000_000)
        try check("--calls-per-uid-max", callsPerUidMax, 1...1_000_000)
        try check("--buffer-mebibytes-max", bufferMebibytesMax, 16...1_048_576)
        try check("--buffer-mebibytes-per-uid-max", bufferMebibytesPerUidMax, 1...1_048_576)
        try check("--idle-seconds", idleSeconds, 0...86_400)
    }

    var limits: RPCLimits {
        var limits = RPCLimits()
        limits.connectionsMax = connectionsMax
        limits.connectionsPerUIDMax = connectionsPerUidMax
        limits.callsPerUIDMax = callsPerUidMax
        limits.bufferBytesMax = bufferMebibytesMax << 20
        limits.bufferBytesPerUIDMax = bufferMebibytesPerUidMax.map { $0 << 20 }
        limits.idleMax = idleSeconds > 0 ? .seconds(idleSeconds) : nil
        return limits
    }
}
