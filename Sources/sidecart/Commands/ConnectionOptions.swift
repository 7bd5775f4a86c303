import ArgumentParser
import Foundation
import SidecartClient

/// How a command reaches a server.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The path of the server's socket, such as /tmp/sidecart.sock. Default: the environment variable SIDECART_SOCKET.",
            valueName: "path"))
    var socket: String?

    @Option(help: ArgumentHelp("How long to wait for an answer.", valueName: "seconds"))
    var timeout = 5.0

    func validate() throws {
        guard 0.000_001...86_400 ~= timeout else {
            throw ValidationError("--timeout is \(timeout); it must be 0.000001 to 86400")
        }
        if (socketPath ?? "").isEmpty {
            throw ValidationError("--socket is missing or empty, and so is SIDECART_SOCKET")
        }
    }

    private var socketPath: String? {
        socket ?? ProcessInfo.processInfo.environment["SIDECART_SOCKET"]
    }

    /// Asks the server and closes the connection.
    func ask<Answer>(
        _ question: (SidecartClient) async throws -> Answer
    ) async throws -> Answer {
        var configuration = SidecartConfiguration()
        configuration.timeout = .seconds(timeout)
        let client = SidecartClient(socketPath: socketPath ?? "", configuration: configuration)
        do {
            let answer = try await question(client)
            client.close()
            return answer
        } catch {
            client.close()
            throw error
        }
    }
}

/// Who is asking, and about what.
struct ContextOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The id of the shopper who asks.", valueName: "id"))
    var user: String?

    @Option(
        help: ArgumentHelp(
            "The items in the basket, such as 22423,85123A. May be given more than once.",
            valueName: "id,…"))
    var basket: [String] = []

    @Option(
        help: ArgumentHelp(
            "The items that the shopper took before, oldest first; they replace the history that the server knows.",
            valueName: "id,…"))
    var history: [String] = []

    var context: Context {
        Context(userID: user ?? "", basket: basket.splitIDs, history: history.splitIDs)
    }
}

extension [String] {
    /// The ids between commas, in order.
    var splitIDs: [String] { flatMap { $0.split(separator: ",").map(String.init) } }
}
