import ArgumentParser
import Foundation
import SidecartClient

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a server what it knows of a shopper or an item.",
        discussion: """
            Examples:
              sidecart inspect user 17850
              sidecart inspect item 22423 --json
            """,
        subcommands: [InspectUser.self, InspectItem.self])
}

struct InspectUser: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "What the model knows of a shopper: habits, categories, prices.",
        discussion: """
            Examples:
              sidecart inspect user 17850 -k 5
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The id of the shopper.")
    var user: String

    @Option(
        name: .short,
        help: ArgumentHelp("How many of her items and categories to show.", valueName: "n"))
    var k = 10

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard k > 0 else { throw ValidationError("-k is \(k); it must be 1 or more") }
    }

    func run() async throws {
        let profile = try await connection.ask { try await $0.profile(ofUser: user, count: k) }
        guard !output.json else { return try Output.printJSON(UserProfileJSON(profile)) }
        try Output.print(ProfileText.render(profile))
    }
}

struct InspectItem: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "item",
        abstract: "What the model knows of an item: sales, repeats, relations.",
        discussion: """
            Examples:
              sidecart inspect item 22423
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The id of the item.")
    var item: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let profile = try await connection.ask { try await $0.profile(ofItem: item) }
        guard !output.json else { return try Output.printJSON(ItemProfileJSON(profile)) }
        try Output.print(ProfileText.render(profile))
    }
}
