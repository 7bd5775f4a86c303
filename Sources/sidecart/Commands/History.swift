import ArgumentParser
import Interactions
import SidecartClient

struct History: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a server for a shopper's newest events.",
        discussion: """
            Examples:
              sidecart history 17850
              sidecart history 17850 -k 1000 --json
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The id of the shopper.")
    var user: String

    @Option(name: .short, help: ArgumentHelp("How many events, 1 to 1000.", valueName: "n"))
    var k = 10

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard 1...1_000 ~= k else { throw ValidationError("-k is \(k); it must be 1 to 1000") }
    }

    func run() async throws {
        let events = try await connection.ask { try await $0.history(ofUser: user, count: k) }
        if output.json { return try Output.printJSON(events.map(EventJSON.init)) }
        var table = Table(["time", "kind", "item", ">value", "basket", "event"])
        for event in events {
            table.add([
                isoTime(event.time), "\(event.kind)", event.itemID, "\(event.value)",
                event.basketID.truncated(to: 24), event.id,
            ])
        }
        try Output.print(table.render())
    }
}

/// An event as JSON has it.
struct EventJSON: Encodable {
    let event_id, user_id, item_id, kind, basket_id: String
    let value: Float
    let time: Int64

    init(_ event: Event) {
        (event_id, user_id, item_id) = (event.id, event.userID, event.itemID)
        (kind, basket_id) = ("\(event.kind)", event.basketID)
        (value, time) = (event.value, event.time)
    }
}
