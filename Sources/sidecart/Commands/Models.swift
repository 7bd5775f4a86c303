import ArgumentParser
import Foundation
import SidecartClient

/// `sidecart models`: which models a server has in memory, and which one serves.
struct ModelCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List a server's models, load one, have it serve, or go back to the one before.",
        discussion: """
            A model is loaded beside the one that serves; calls notice nothing of it. The model that served before stays in memory, so that \
            rollback takes effect at once.

            Examples:
              sidecart models list --socket /tmp/sidecart.sock
              sidecart models load 2024-06-02 --socket /tmp/sidecart.sock
              sidecart models promote --socket /tmp/sidecart.sock
              sidecart models rollback --socket /tmp/sidecart.sock
            """,
        subcommands: [List.self, Load.self, Promote.self, Rollback.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the models in a server's memory, and those it failed to load lately.",
            discussion: """
                Examples:
                  sidecart models list --socket /tmp/sidecart.sock
                  sidecart models list --socket /tmp/sidecart.sock --json
                """)

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let list = try await connection.ask { try await $0.models() }
            if output.json {
                try Output.printJSON(ModelListJSON(list))
            } else {
                try Output.print(list.text)
            }
        }
    }

    struct Load: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Load a bundle beside the model that serves, and wait until it is ready.",
            discussion: """
                Examples:
                  sidecart models load 2024-06-02 --socket /tmp/sidecart.sock
                  sidecart models load /srv/models/2024-06-02 --promote --socket /tmp/sidecart.sock
                """)

        @Argument(
            help: ArgumentHelp(
                "The bundle's folder, as the server sees it: absolute, or below its folder of models (serve --models-dir). A name that begins with ./ or ../ is taken from here.",
                valueName: "folder"))
        var path: String

        @Flag(help: "Have it serve as soon as it is ready.")
        var promote = false

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let isHere = path.hasPrefix("./") || path.hasPrefix("../")
            let path = isHere ? URL(fileURLWithPath: path).standardizedFileURL.path : path
            let model = try await connection.ask { client in
                let begun = try await client.loadModel(at: path, promotes: promote)
                return try await finished(begun.number, client)
            }
            try Output.print(model, json: output.json)
        }

        /// Waits until the model is in memory, in use or not.
        private func finished(_ number: Int, _ client: SidecartClient) async throws -> ServedModel {
            let start = ContinuousClock.now
            let isTerminal = isatty(STDERR_FILENO) == 1
            defer { if isTerminal { Output.writeError(Data("\r\u{1b}[K".utf8)) } }
            while true {
                let models = try await client.models().models
                guard let model = models.first(where: { $0.number == number }) else {
                    throw Failure("\(path): the server has let go of it already")
                }
                switch model.state {
                case .failed: throw Failure(model.failure.withoutControls)
                case .loading: break
                case .ready where promote: break
                default: return model
                }
                let waited = ContinuousClock.now - start
                if isTerminal, waited > .seconds(1) {
                    Output.writeError(Data("\r\u{1b}[Kloading, \(Int(waited.seconds)) s".utf8))
                }
                // Soon at first, as a small bundle takes milliseconds.
                try await Task.sleep(
                    for: min(max(waited / 4, .milliseconds(5)), .milliseconds(500)))
            }
        }
    }

    struct Promote: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have a model serve that is ready, or the previous one.",
            discussion: """
                Examples:
                  sidecart models promote --socket /tmp/sidecart.sock
                  sidecart models promote --model-version 2024-06-02 --socket /tmp/sidecart.sock
                """)

        @Option(
            help: ArgumentHelp("Default: the one that is ready.", valueName: "version"))
        var modelVersion: String?

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let model = try await connection.ask {
                try await $0.promoteModel(version: modelVersion ?? "")
            }
            try Output.print(model, json: output.json)
        }
    }

    struct Rollback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have the previous model serve again, at once.",
            discussion: """
                Once more goes forward again.

                Examples:
                  sidecart models rollback --socket /tmp/sidecart.sock
                """)

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let model = try await connection.ask { try await $0.rollBackModel() }
            try Output.print(model, json: output.json)
        }
    }
}

extension Output {
    fileprivate static func print(_ model: ServedModel, json: Bool) throws {
        if json {
            try printJSON(ModelJSON(model))
        } else {
            try print(ModelList(model).text)
        }
    }
}
