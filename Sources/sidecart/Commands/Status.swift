import ArgumentParser
import Foundation
import SidecartClient

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a server what it is serving and how it is doing.",
        discussion: """
            Examples:
              sidecart status --socket /tmp/sidecart.sock
              sidecart status --socket /tmp/sidecart.sock --json
              sidecart status --socket /tmp/sidecart.sock --drain
            """)

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Also tell the server to finish the calls in flight and end.")
    var drain = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let status = try await connection.ask { client in
            let status = try await client.status()
            if drain { try await client.drain() }
            return status
        }
        if output.json {
            try Output.printJSON(StatusJSON(status))
            return
        }
        let megabyte = 1 << 20
        let model = "\(status.modelKind) \(status.modelVersion)".withoutControls
        let brokenOff =
            status.brokenOffForeign + status.brokenOffUnread + status.brokenOffUnfinished
            + status.brokenOffCrowded + status.brokenOffIdle + status.brokenOffMalformed
            + status.brokenOffFlooded
        try Output.print(
            """
            sidecart \(status.version.withoutControls), pid \(status.processID), up \(clock(status.uptime))\
            \(status.isDraining || drain ? ", draining" : "")
            model      \(model): \(status.items.grouped) items, \
            \(status.users.grouped) users, \(status.dimensions) dimensions
            calls      \(status.calls.grouped), \(status.failedCalls.grouped) failed, \
            \(status.deniedCalls.grouped) of them denied, \(status.threads) threads
            clients    \(status.connections) connections, \(status.refusedConnections.grouped) refused, \
            \(brokenOff.grouped) broken off, \(status.refusedFrames.grouped) frames refused
            cpu        \(String(format: "%.2f", status.cpuTime.seconds)) s
            memory     \(status.residentBytes / megabyte) MiB resident, models \
            \(status.storeBytes / megabyte) of \(status.storeBytesMax / megabyte) MiB, buffers \
            \(status.bufferBytes / megabyte) of \(status.bufferBytesMax / megabyte) MiB
            """ + journal(status))
    }

    /// Empty where the server keeps no events.
    private func journal(_ status: ServerStatus) -> String {
        guard status.journalCheck != .none else { return "" }
        let check =
            switch status.journalCheck {
            case .none, .passed: "its file is whole"
            case .running: "its file is being checked"
            case .failed: "its file is DAMAGED, and nothing more is recorded"
            }
        let journal = "\njournal    \(status.journalWatermark.grouped) events recorded; \(check)"
        guard status.onlineEventsMax > 0 else { return journal }
        let megabyte = 1 << 20
        return journal
            + """

            online     \(status.onlineEvents.grouped) of \(status.onlineEventsMax.grouped) events, \
            \(status.onlineUsers.grouped) users, \(status.onlineItems.grouped) items, \
            \(status.onlineBytes / megabyte) of \(status.onlineBytesMax / megabyte) MiB, \
            \(status.onlineLagEvents.grouped) events behind
            """
    }

    private func clock(_ duration: Duration) -> String {
        let seconds = Int(duration.seconds)
        return seconds < 60
            ? "\(seconds) s" : "\(seconds / 3600) h \(seconds / 60 % 60) min \(seconds % 60) s"
    }
}

/// Fields bear the names that the JSON form of proto3 gives the contract's.
private struct StatusJSON: Encodable {
    let version: String
    let modelVersion: String
    let modelKind: String
    let items: Int
    let users: Int
    let dimensions: Int
    let threads: Int
    let connections: Int
    let calls: Int
    let failedCalls: Int
    let uptimeMilliseconds: Int
    let cpuMicroseconds: Int
    let residentBytes: Int
    let storeBytes: Int
    let storeBytesMax: Int
    let draining: Bool
    let pid: Int
    let brokenOffForeign: Int
    let brokenOffUnread: Int
    let brokenOffUnfinished: Int
    let brokenOffDrained: Int
    let movedCalls: Int
    let brokenOffCrowded: Int
    let brokenOffIdle: Int
    let refusedConnections: Int
    let refusedFrames: Int
    let deniedCalls: Int
    let bufferBytes: Int
    let bufferBytesMax: Int
    let brokenOffMalformed: Int
    let brokenOffFlooded: Int
    let journalWatermark: Int
    let journalCheck: String
    let onlineEvents: Int
    let onlineEventsMax: Int
    let onlineUsers: Int
    let onlineItems: Int
    let onlineBytes: Int
    let onlineBytesMax: Int
    let onlineLagEvents: Int

    init(_ status: ServerStatus) {
        version = status.version
        modelVersion = status.modelVersion
        modelKind = status.modelKind
        items = status.items
        users = status.users
        dimensions = status.dimensions
        threads = status.threads
        connections = status.connections
        calls = status.calls
        failedCalls = status.failedCalls
        uptimeMilliseconds = Int(status.uptime / .milliseconds(1))
        cpuMicroseconds = Int(status.cpuTime / .microseconds(1))
        residentBytes = status.residentBytes
        storeBytes = status.storeBytes
        storeBytesMax = status.storeBytesMax
        draining = status.isDraining
        pid = status.processID
        brokenOffForeign = status.brokenOffForeign
        brokenOffUnread = status.brokenOffUnread
        brokenOffUnfinished = status.brokenOffUnfinished
        brokenOffDrained = status.brokenOffDrained
        movedCalls = status.movedCalls
        brokenOffCrowded = status.brokenOffCrowded
        brokenOffIdle = status.brokenOffIdle
        refusedConnections = status.refusedConnections
        refusedFrames = status.refusedFrames
        deniedCalls = status.deniedCalls
        bufferBytes = status.bufferBytes
        bufferBytesMax = status.bufferBytesMax
        brokenOffMalformed = status.brokenOffMalformed
        brokenOffFlooded = status.brokenOffFlooded
        journalWatermark = status.journalWatermark
        journalCheck = status.journalCheck.rawValue
        onlineEvents = status.onlineEvents
        onlineEventsMax = status.onlineEventsMax
        onlineUsers = status.onlineUsers
        onlineItems = status.onlineItems
        onlineBytes = status.onlineBytes
        onlineBytesMax = status.onlineBytesMax
        onlineLagEvents = status.onlineLagEvents
    }
}
