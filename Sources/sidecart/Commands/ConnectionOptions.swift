import ArgumentParser
import Foundation
import SidecartClient

/// How a command reaches a server.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The path of the server's socket, such as /tmp/sidecart.sock, or @name in the abstract namespace. Default: the environment variable SIDECART_SOCKET.",
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
            "The items in the basket, such as 22423,85123A. May be given more than once. An id with a comma stands in double quotes: '\"M3x10, zinc\"'.",
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
    /// The ids between commas, in order. An id with a comma stands in double quotes, and a quote
    /// within those is doubled, as in CSV.
    var splitIDs: [String] { flatMap(Self.ids) }

    private static func ids(_ text: String) -> [String] {
        var ids: [String] = []
        var rest = text[...]
        while !rest.isEmpty {
            var id = ""
            if rest.first == "\"", let end = closingQuote(of: rest) {
                id = String(rest[rest.index(after: rest.startIndex)..<end])
                    .replacing("\"\"", with: "\"")
                rest = rest[rest.index(after: end)...]
            } else {
                id = String(rest.prefix { $0 != "," })
                rest = rest.dropFirst(id.count)
            }
            if !id.isEmpty { ids.append(id) }
            rest = rest.dropFirst()
        }
        return ids
    }

    /// The quote that ends the text's first field, where a comma or nothing follows it.
    private static func closingQuote(of text: Substring) -> String.Index? {
        var at = text.index(after: text.startIndex)
        while at < text.endIndex {
            let next = text.index(after: at)
            if text[at] == "\"" {
                if next == text.endIndex || text[next] == "," { return at }
                guard text[next] == "\"" else { return nil }
                at = text.index(after: next)
            } else {
                at = next
            }
        }
        return nil
    }
}
