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
        try Output.print(
            """
            sidecart \(status.version), pid \(status.processID), up \(clock(status.uptime))\
            \(status.isDraining || drain ? ", draining" : "")
            model      \(status.modelKind) \(status.modelVersion): \(status.items.grouped) items, \
            \(status.users.grouped) users, \(status.dimensions) dimensions
            calls      \(status.calls.grouped), \(status.failedCalls.grouped) failed, \
            \(status.connections) connections, \(status.threads) threads
            cpu        \(String(format: "%.2f", status.cpuTime.seconds)) s
            memory     \(status.residentBytes / megabyte) MiB resident, vectors \
            \(status.storeBytes / megabyte) of \(status.storeBytesMax / megabyte) MiB
            """)
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
    }
}
