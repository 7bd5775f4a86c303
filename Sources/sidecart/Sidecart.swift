import ArgumentParser
import EventLoop
import SidecartClient
import SidecartServer

@main
struct Sidecart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sidecart",
        abstract: "Which items go with this basket, for this shopper, now?",
        discussion: """
            Learns from a shop's events, serves what it learned on a Unix socket, and asks it.

            Examples:
              sidecart demo
              sidecart train events.csv --out bundle
              sidecart serve --bundle bundle --socket /tmp/sidecart.sock
              sidecart recommend --socket /tmp/sidecart.sock --basket tea-0001,tea-0002
            """,
        version: SidecartServer.version,
        subcommands: [
            Demo.self, Train.self, Retrain.self, Evaluate.self, Serve.self, Recommend.self,
            Related.self, Score.self, Record.self, History.self, Forget.self, CatalogCommand.self,
            Inspect.self, Status.self, Metrics.self, Report.self, ModelCommands.self, Bench.self,
            Import.self, Export.self, EchoServer.self,
        ])

    // On the main thread: a pool's threads block signals, and processes started there inherit that.
    @MainActor static func main() async {
        ProcessSettings.openStandardStreams()
        ProcessSettings.unblockSignals()
        do {
            var command = try parse()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as SidecartError {
            // The message may be the server's.
            exit(withError: Failure(error.description.withoutControls))
        } catch {
            exit(withError: error)
        }
    }

    /// Parses the arguments. Where a required option is missing, an unknown one is named first: it is
    /// likely that one, mistyped.
    private static func parse() throws -> any ParsableCommand {
        do {
            return try parseAsRoot()
        } catch {
            let message = message(for: error)
            guard message.hasPrefix("Missing expected argument"),
                let unknown = MistypedOption(in: Array(CommandLine.arguments.dropFirst()))
            else { throw error }
            throw ValidationError(unknown.description)
        }
    }
}
