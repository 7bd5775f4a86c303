import EventJournal
import Interactions
import TestFolders
import Testing

/// A journal in a folder of its own.
final class TestJournal {
    let folder = TemporaryFolder()
    var path: String { folder.path + "/events.db" }

    func open(_ options: Journal.Options = .init()) throws -> Journal {
        try Journal(path, options)
    }
}

struct TestEvent {
    var id = ""
    var user = ""
    var item = "i"
    var kind = EventKind.purchase
    var value: Float = 1
    var time: Int64 = 1_700_000_000
    var basket = ""
}

extension EventBatch {
    init(_ events: [TestEvent]) {
        self.init(capacity: events.count)
        for event in events {
            var entry = Entry()
            entry.id = add(event.id)
            entry.user = add(event.user)
            entry.item = add(event.item)
            entry.basket = add(event.basket)
            (entry.kind, entry.value, entry.time) = (event.kind, event.value, event.time)
            append(entry)
        }
    }
}

extension Journal {
    @discardableResult
    func recordNow(_ events: [TestEvent]) throws -> RecordOutcome {
        try begin()
        let outcome = try record(EventBatch(events))
        try commit()
        return outcome
    }

    func history(_ user: String, count: Int = 1_000) throws -> [JournalEvent]? {
        try Array(user.utf8).withUnsafeBytes { try history(ofUser: $0, count: count) }
    }

    func forgetNow(_ user: String) throws -> ForgetReceipt {
        try begin()
        let receipt = try Array(user.utf8).withUnsafeBytes { try forget(user: $0) }
        try commit()
        return receipt
    }
}
