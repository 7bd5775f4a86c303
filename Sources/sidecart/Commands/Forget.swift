import ArgumentParser
import Interactions
import SidecartClient

struct Forget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have a server remove a shopper and all her events for good.",
        discussion: """
            Prints a receipt: what was removed, and what is left of her elsewhere, why, and until when.

            Examples:
              sidecart forget 17850
              sidecart forget 17850 --json > receipt.json
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The id of the shopper.")
    var user: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let receipt = try await connection.ask { try await $0.forget(user: user) }
        if output.json { return try Output.printJSON(ReceiptJSON(receipt)) }
        let span =
            receipt.events > 0
            ? ", from \(isoTime(receipt.oldestTime)) to \(isoTime(receipt.newestTime))" : ""
        let log =
            receipt.isLogEmptied
            ? "The journal's files hold nothing of her any more."
            : "The log beside the journal is still being read by another program; the server empties it as soon as that ends."
        let lines =
            ["\(receipt.userID): \(receipt.events) events removed\(span)", log] + receipt.remains
        try Output.print(lines.joined(separator: "\n").withoutControls)
    }
}

private struct ReceiptJSON: Encodable {
    let user_id: String
    let events: Int
    let oldest_time, newest_time: Int64
    let log_emptied: Bool
    let remains: [String]

    init(_ receipt: ForgetReceipt) {
        (user_id, events) = (receipt.userID, receipt.events)
        (oldest_time, newest_time) = (receipt.oldestTime, receipt.newestTime)
        (log_emptied, remains) = (receipt.isLogEmptied, receipt.remains)
    }
}
