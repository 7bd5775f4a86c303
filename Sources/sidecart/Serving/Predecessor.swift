import Logging
import SidecartClient

/// The server that another one takes over from: connected before its path is taken, and told
/// afterwards to let its clients go.
struct Predecessor {
    private static let timeout = Duration.seconds(5)

    let processID: Int
    private let connection: BlockingConnection

    /// nil where nobody answers at the path.
    init?(at path: String) {
        connection = BlockingConnection(socketPath: path)
        guard let status = try? connection.status(timeout: Self.timeout) else { return nil }
        processID = status.processID
    }

    /// Has it answer what was sent to it, and end.
    func letGo(_ log: ServerLog) {
        let fields: Logger.Metadata = ["pid": .stringConvertible(processID)]
        do throws(SidecartError) {
            try connection.drain(handsOver: true, timeout: Self.timeout)
            log.info("took over", fields)
        } catch {
            log.warning(
                "took the path over, but the server before does not end",
                fields.merging(["reason": "\(error)"]) { $1 })
        }
        connection.close()
    }
}
