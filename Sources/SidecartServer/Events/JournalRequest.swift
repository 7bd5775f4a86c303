internal import Buffers
internal import EventJournal
internal import Interactions
internal import RPC
internal import Wire

/// One call that waits for the journal.
struct JournalRequest: Sendable {
    enum Work: Sendable {
        /// A `RecordRequest`, not read yet.
        case record([UInt8])
        case history(user: [UInt8], count: Int)
        case forget(user: [UInt8])
        case put([(item: [UInt8], entry: CatalogEntry)])
        case remove([[UInt8]])
        case get([[UInt8]])

        /// Whether it changes nothing.
        var isRead: Bool {
            switch self {
            case .history, .get: true
            case .record, .forget, .put, .remove: false
            }
        }
    }

    let token: ReplyToken
    let work: Work
}

/// An encoded response, or why there is none.
typealias JournalAnswer = Result<[UInt8], RPCError>

/// How answers are encoded, on the journal's thread.
enum JournalMessage {
    static func encode(_ body: (ProtobufWriter) -> Void) -> [UInt8] {
        let writer = ProtobufWriter()
        body(writer)
        return Array(writer.buffer.bytes)
    }

    static func recorded(_ outcome: RecordOutcome) -> [UInt8] {
        encode { writer in
            writer.integer(1, UInt64(outcome.recorded))
            writer.integers(2, outcome.duplicates)
            writer.integer(3, UInt64(outcome.watermark))
        }
    }

    static func history(_ events: [JournalEvent], user: [UInt8]) -> [UInt8] {
        encode { writer in
            for event in events {
                writer.message(1) { writer in
                    writer.string(1, event.id)
                    user.withUnsafeBytes { writer.bytes(2, $0) }
                    writer.string(3, event.item)
                    writer.integer(4, UInt64(event.kind.rawValue) + 1)
                    writer.float(5, event.value)
                    writer.integer(6, UInt64(bitPattern: event.time))
                    writer.string(7, event.basket)
                }
            }
        }
    }

    static func forgotten(_ receipt: ForgetReceipt, user: [UInt8]) -> [UInt8] {
        encode { writer in
            user.withUnsafeBytes { writer.bytes(1, $0) }
            writer.integer(2, UInt64(receipt.events))
            writer.integer(3, UInt64(bitPattern: receipt.oldest))
            writer.integer(4, UInt64(bitPattern: receipt.newest))
            writer.bool(5, receipt.isLogEmpty)
            for sentence in remains { writer.string(6, sentence) }
        }
    }

    /// What no journal can remove.
    private static let remains = [
        "The served model was trained with her events: what it counted and learned from them, without her id, stays until the next training. What was learned from her events since then is gone.",
        "Where the served bundle was trained with her id, her vector and history in it stay until a bundle trained after this is served.",
        "Copies of the journal and of event files made before this are not touched.",
    ]

    static func put(added: Int, replaced: Int) -> [UInt8] {
        encode { writer in
            writer.integer(1, UInt64(added))
            writer.integer(2, UInt64(replaced))
        }
    }

    static func removed(_ count: Int) -> [UInt8] { encode { $0.integer(1, UInt64(count)) } }

    static func catalog(_ found: [(item: [UInt8], entry: CatalogEntry?)]) -> [UInt8] {
        encode { writer in
            var unknown: [UInt32] = []
            for (position, (item, entry)) in found.enumerated() {
                guard let entry else {
                    unknown.append(UInt32(position))
                    continue
                }
                writer.message(1) { CatalogMessage.write(entry, of: item, to: $0) }
            }
            writer.integers(2, unknown)
        }
    }
}
