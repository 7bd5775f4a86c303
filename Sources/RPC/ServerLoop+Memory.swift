internal import EventLoop

extension ServerLoop {
    /// Memory given back by connections, after which the allocator is asked to pass it on.
    private static let trimBytesMin = 8 << 20

    /// Keeps the limits after a connection has come to hold more memory. May close it.
    func didGrow(_ connection: ServerConnection) {
        let account = connection.account
        while account.bufferBytes > bufferBytesPerUIDMax,
            let largest = largestHolder(where: { $0.account === account })
        {
            largest.giveUpMemory(.uid(account.userID, max: bufferBytesPerUIDMax))
        }
        relieve()
    }

    /// Takes memory from the largest holders while the buffers are full and it is this loop's turn.
    func relieve() {
        while budget.mustRelieve(self), let largest = largestHolder(where: { _ in true }) {
            largest.giveUpMemory(.all(max: budget.max))
        }
    }

    private func largestHolder(
        where condition: (ServerConnection) -> Bool
    ) -> ServerConnection? {
        var largest: ServerConnection?
        for connection in connections
        where connection.heldBytes > largest?.heldBytes ?? 0 && condition(connection) {
            largest = connection
        }
        return largest
    }

    /// Counts what connections hold.
    func addHeldBytes(_ count: Int) {
        counters.heldBytes.add(count)
        heldBytesPeak = max(heldBytesPeak, counters.heldBytes.value)
    }

    /// Gives the system what connections have given back, once there is much of it.
    func returnMemory() {
        guard heldBytesPeak - counters.heldBytes.value > Self.trimBytesMin, !trim.isActive else {
            return
        }
        trim.start(after: .seconds(1)) { [unowned self] in
            heldBytesPeak = counters.heldBytes.value
            // It takes its time, and no call waits for that lane in the turn.
            background.trimMemory()
        }
    }
}
