internal import CrossSell
internal import EventJournal
internal import Interactions
internal import Outcomes

extension ServedModels {
    /// Takes in what earlier lives of the server showed; to be called once no other server shows anything.
    func openSlates() { tellSlates(outcomes.openFile()) }

    /// Counts what was shown, and writes it down.
    func keepSlates() { tellSlates(outcomes.writeFile()) }

    private func tellSlates(_ isWritten: Bool) {
        if !isWritten { tell(.slatesNotWritten(path: settings.slatesPath ?? "")) }
    }

    /// Ties the events of a batch that name a slate to it. To be called once they are durable, and
    /// before that is acknowledged, so that whoever hears of it finds them counted.
    ///
    /// - Parameter duplicates: positions of events that were recorded, and counted, before; ascending.
    func noteOutcomes(of batch: EventBatch, duplicates: [UInt32]) {
        var left = duplicates[...]
        batch.bytes.withUnsafeBytes { bytes in
            for (position, entry) in batch.entries.enumerated() {
                if left.first == UInt32(position) {
                    left.removeFirst()
                    continue
                }
                guard entry.slate != 0 else { continue }
                let item = UnsafeRawBufferPointer(rebasing: bytes[entry.item])
                guard let act = act(entry, item) else { continue }
                outcomes.note(act, on: item, slate: entry.slate)
            }
        }
    }

    private func act(_ entry: EventBatch.Entry, _ item: UnsafeRawBufferPointer) -> Outcomes.Act? {
        switch entry.kind {
        case .view, .click: return .click
        case .purchase:
            let price = entry.price > 0 ? entry.price : catalogPrice(item)
            return .purchase(revenue: Double(entry.value) * Double(price))
        case .cart, .rating, .return: return nil
        }
    }

    /// 0 where the catalog has none.
    private func catalogPrice(_ item: UnsafeRawBufferPointer) -> Float {
        let items = servingGeneration.items
        guard item.count > 0, let ordinal = items.ordinal(of: item) else { return 0 }
        let price = items.shown(ordinal).price
        return price.isFinite ? max(0, price) : 0
    }
}
