internal import Wire

/// Every maximum of an RPC server, in one place.
///
/// Memory a server can hold, besides handlers' own: `bufferBytesMax` for partial frames, waiting
/// calls and unsent replies of all connections, and one growth of a buffer a loop; per loop two
/// arenas of `arenaBytesMax` and a few kept buffers. One connection alone holds at most
/// `frameBytesMax + readBytes + writeHighWaterBytes + frameBytesMax`, where `readBytes` is one read
/// (256 KiB), and its pending calls; one of gRPC holds requests of up to eight times
/// `frameBytesMax` instead of one frame, and replies of `writeHighWaterBytes` more. Idle connections
/// hold no buffers.
package struct RPCLimits: Equatable, Sendable {
    /// Largest data of one frame, or of one message over gRPC, either way. A larger request is refused unread, a larger reply
    /// not sent.
    package var frameBytesMax = FrameHeader.dataBytesMax
    /// Connections at once. Those beyond it are accepted and closed, and counted as refused.
    package var connectionsMax = 4096
    /// Connections at once of one uid; nil leaves a few places to others:
    /// `min(64, connectionsMax / 4)` of them.
    package var connectionsPerUIDMax: Int?
    /// Calls of one uid that were received and are not answered, over all loops: those that wait
    /// for their turn and pending ones. Beyond it calls are refused with RESOURCE_EXHAUSTED.
    package var callsPerUIDMax = 65_536
    /// What all connections together may hold in partial frames, waiting calls, unsent replies and
    /// pending calls. Past it the largest holders lose the frame they send (which is answered with
    /// RESOURCE_EXHAUSTED), or their connection.
    package var bufferBytesMax = 256 << 20
    /// The same for the connections of one uid; nil is three quarters of `bufferBytesMax`.
    package var bufferBytesPerUIDMax: Int?
    /// With so many unsent bytes a connection is no longer read and its calls wait ...
    package var writeHighWaterBytes = 1 << 20
    /// ... until no more than these are left.
    package var writeLowWaterBytes = 256 << 10
    /// A client that takes nothing of what waits for it for so long is disconnected.
    package var writeStallMax = Duration.seconds(10)
    /// A frame must be complete so long after its first byte, or the client is disconnected.
    package var partialFrameMax = Duration.seconds(10)
    /// A connection on which nothing comes and nothing waits for so long is closed; nil never.
    package var idleMax: Duration?
    /// For so long a server that drains answers calls with UNAVAILABLE before it stops to read.
    package var drainWindow = Duration.milliseconds(100)
    /// A call that waited longer between being read and being started is refused with
    /// RESOURCE_EXHAUSTED. What it waited for a server that stood still, or for its connection's
    /// pending calls, does not count.
    package var queueWaitMax = Duration.seconds(1)
    /// Memory of one decoded request. Beyond it the call is refused with RESOURCE_EXHAUSTED.
    package var arenaBytesMax = 32 << 20
    /// Streams that a connection of gRPC may have open at once: calls, and what is watched.
    package var streamsPerConnectionMax = 256
    /// Header bytes of one call over gRPC, as RFC 9113 counts: 32 besides each name and value.
    package var headerBytesMax = 16 << 10
    /// Metadata entries of one call.
    package var metadataCountMax = 64
    /// How long a loop handles calls before it looks for new ones: no call is begun later in a
    /// turn, except urgent ones and the first. 100 us to 1 s.
    package var turnMax = Duration.milliseconds(2)
    /// How long a loop handles one connection's calls before those of others get their turn, if
    /// any wait. At most `turnMax`.
    package var turnShareMax = Duration.microseconds(500)
    /// Calls of one connection that are answered in a later turn, as they were moved to the
    /// background or wait for what they wrote to be durable; beyond it its further calls wait
    /// unread.
    package var pendingCallsPerConnectionMax = 64
    /// The same over one loop. Beyond it a call is refused with RESOURCE_EXHAUSTED, ...
    package var pendingCallsMax = 4096
    /// The same for one uid, over all loops; nil is three quarters of `pendingCallsMax`.
    package var pendingCallsPerUIDMax: Int?
    /// ... as is one that would pass this sum of what is kept for them.
    package var pendingBytesMax = 64 << 20

    package init() {}

    /// The limits by uid, where they are left open.
    var resolvedConnectionsPerUIDMax: Int {
        connectionsPerUIDMax ?? connectionsMax - min(64, connectionsMax / 4)
    }
    var resolvedPendingCallsPerUIDMax: Int {
        pendingCallsPerUIDMax ?? pendingCallsMax - pendingCallsMax / 4
    }
    var resolvedBufferBytesPerUIDMax: Int {
        bufferBytesPerUIDMax ?? bufferBytesMax - bufferBytesMax / 4
    }

    /// What is wrong with the limits, each naming the limit; empty if they fit each other.
    package var problems: [String] {
        var problems: [String] = []
        func require(_ holds: Bool, _ problem: @autoclosure () -> String) {
            if !holds { problems.append(problem()) }
        }
        require(
            (1024...FrameHeader.dataBytesMax).contains(frameBytesMax),
            "frameBytesMax is \(frameBytesMax); 1024 to \(FrameHeader.dataBytesMax) are possible")
        require(
            (1...1_000_000).contains(connectionsMax),
            "connectionsMax is \(connectionsMax); 1 to 1000000 are possible")
        require(
            writeLowWaterBytes >= 0 && writeLowWaterBytes < writeHighWaterBytes,
            "writeLowWaterBytes (\(writeLowWaterBytes)) must be below writeHighWaterBytes (\(writeHighWaterBytes))"
        )
        require(
            writeHighWaterBytes <= 1 << 30,
            "writeHighWaterBytes is \(writeHighWaterBytes); at most \(1 << 30) are possible")
        require(
            arenaBytesMax >= frameBytesMax && arenaBytesMax <= 1 << 32,
            "arenaBytesMax (\(arenaBytesMax)) must be at least frameBytesMax (\(frameBytesMax)) and at most \(1 << 32)"
        )
        require(
            metadataCountMax >= 0,
            "metadataCountMax is \(metadataCountMax); it must not be negative")
        require(
            (1...1_000_000).contains(streamsPerConnectionMax),
            "streamsPerConnectionMax is \(streamsPerConnectionMax); 1 to 1000000 are possible")
        require(
            (1024...1 << 20).contains(headerBytesMax),
            "headerBytesMax is \(headerBytesMax); 1024 to \(1 << 20) are possible")
        require(
            turnMax >= .microseconds(100) && turnMax <= .seconds(1),
            "turnMax is \(turnMax); 100 us to 1 s are possible")
        require(
            turnShareMax > .zero && turnShareMax <= turnMax,
            "turnShareMax (\(turnShareMax)) must be above zero and at most turnMax (\(turnMax))")
        require(
            pendingCallsPerConnectionMax >= 1
                && pendingCallsPerConnectionMax <= pendingCallsMax,
            "pendingCallsPerConnectionMax (\(pendingCallsPerConnectionMax)) must be at least 1 and at most pendingCallsMax (\(pendingCallsMax))"
        )
        require(
            pendingBytesMax >= frameBytesMax,
            "pendingBytesMax (\(pendingBytesMax)) must be at least frameBytesMax (\(frameBytesMax))"
        )
        require(
            bufferBytesMax >= 4 * frameBytesMax,
            "bufferBytesMax (\(bufferBytesMax)) must be at least four times frameBytesMax (\(frameBytesMax))"
        )
        for (name, limit) in [
            ("connectionsPerUIDMax", connectionsPerUIDMax), ("callsPerUIDMax", callsPerUIDMax),
            ("pendingCallsPerUIDMax", pendingCallsPerUIDMax),
            ("bufferBytesPerUIDMax", bufferBytesPerUIDMax),
        ] {
            require((limit ?? 1) >= 1, "\(name) is \(limit ?? 0); it must be at least 1")
        }
        for (name, duration) in [
            ("writeStallMax", writeStallMax), ("partialFrameMax", partialFrameMax),
            ("queueWaitMax", queueWaitMax), ("idleMax", idleMax ?? .seconds(1)),
            ("drainWindow", drainWindow),
        ] {
            require(
                duration >= .milliseconds(1) && duration <= .seconds(86400),
                "\(name) is \(duration); 1 ms to 1 day are possible")
        }
        return problems
    }
}

/// Limits that contradict each other or the protocol.
package struct RPCLimitsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// As ``RPCLimits/problems`` lists them; not empty.
    package let problems: [String]

    package var description: String { problems.joined(separator: "; ") }
}

extension Duration {
    /// Whole nanoseconds, clamped to what an Int64 holds.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        return whole &+ attoseconds / 1_000_000_000
    }
}
