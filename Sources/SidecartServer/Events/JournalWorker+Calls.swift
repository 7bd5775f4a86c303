internal import EventJournal
internal import EventLoop
internal import RPC

/// How calls on the journal are worked off.
extension JournalWorker {
    /// Events after which a transaction is committed though more wait.
    private static let transactionEventsMax = 32_768

    func workOff() {
        while next < waiting.count {
            switch state {
            case .waiting: return
            case .open(let journal): workOffSome(journal)
            case .unusable(let error):
                var answered = AnswerSheet()
                answered.add(waiting[next].token, .failure(error.rpcError))
                answered.send()
                next += 1
            }
        }
        waiting.removeAll(keepingCapacity: waiting.count < 4_096)
        next = 0
    }

    /// Works off what goes into one transaction. What only reads comes after it, and whether or not
    /// it succeeded.
    private func workOffSome(_ journal: Journal) {
        var answered = AnswerSheet()
        var (reads, catalogChanges): ([JournalRequest], [JournalRequest.Work]) = ([], [])
        do throws(JournalError) {
            try transact(journal) { () throws(JournalError) in
                var events = 0
                while next < waiting.count, events < Self.transactionEventsMax {
                    let request = waiting[next]
                    if case .forget = request.work { break }
                    next += 1
                    if request.work.isRead {
                        reads.append(request)
                        continue
                    }
                    do throws(JournalError) {
                        let answer = try change(journal, request, &events)
                        answered.add(request.token, answer)
                        if case .success = answer { catalogChanges.append(request.work) }
                    } catch {
                        answered.add(request.token, .failure(error.rpcError))
                        throw error
                    }
                }
            }
        } catch {
            // None of it was done, whatever was answered before in the transaction.
            answered.failAll(error)
            tell(error)
            catalogChanges = []
            recorded = []
        }
        position.advance(to: journal.watermark)
        // Before the acknowledgement, so that a call that is made after it knows of them.
        for work in catalogChanges { tellModels(work) }
        online?.record(recorded)
        for (batch, duplicates) in recorded {
            settings.models?.noteOutcomes(of: batch, duplicates: duplicates)
        }
        recorded.removeAll()
        for request in reads { answered.add(request.token, read(journal, request)) }
        answered.send()
        if next < waiting.count, case .forget(let user) = waiting[next].work {
            next += 1
            forget(journal, user, waiting[next - 1].token)
        }
    }

    private func change(
        _ journal: Journal, _ request: JournalRequest, _ events: inout Int
    ) throws(JournalError) -> JournalAnswer {
        if request.token.deadline.hasPassed(at: MonotonicClock.now()) {
            return .failure(
                RPCError(
                    .deadlineExceeded,
                    "the deadline passed while the call waited for the journal; it changed nothing")
            )
        }
        switch request.work {
        case .record(let payload):
            let batch: EventBatch
            do throws(RPCError) {
                batch = try EventsService.readBatch(payload, in: arena)
            } catch {
                return .failure(error)
            }
            do throws(JournalError) {
                try journal.check(batch)
            } catch  where error.code == .invalid {
                return .failure(error.rpcError)
            }
            events += batch.count
            let outcome = try journal.record(batch)
            recorded.append((batch, outcome.duplicates))
            return .success(JournalMessage.recorded(outcome))
        case .put(let items):
            var replaced = 0
            for (item, entry) in items {
                let isKnown = try item.withBytes { (id) throws(JournalError) in
                    try journal.put(id, entry)
                }
                if isKnown { replaced += 1 }
            }
            return .success(
                JournalMessage.put(added: items.count - replaced, replaced: replaced))
        case .remove(let items):
            var removed = 0
            for item in items {
                let isKnown = try item.withBytes { (id) throws(JournalError) in
                    try journal.remove(id)
                }
                if isKnown { removed += 1 }
            }
            return .success(JournalMessage.removed(removed))
        case .forget, .history, .get: preconditionFailure("\(request.work) is no change of many")
        }
    }

    private func tellModels(_ work: JournalRequest.Work) {
        switch work {
        case .put(let items):
            tell(items.map { (String(decoding: $0.item, as: UTF8.self), $0.entry) })
        case .remove(let items):
            settings.catalog.remove(items.map { String(decoding: $0, as: UTF8.self) })
        default: break
        }
    }

    /// Tells all models what the shop says of items.
    func tell(_ items: [(item: String, entry: CatalogEntry)]) {
        let added = settings.catalog.put(items)
        if !added.isEmpty { online?.learn(added: added) }
    }

    private func read(_ journal: Journal, _ request: JournalRequest) -> JournalAnswer {
        do throws(JournalError) {
            switch request.work {
            case .history(let user, let count):
                let events = try user.withBytes { (id) throws(JournalError) in
                    try journal.history(ofUser: id, count: count)
                }
                guard let events else {
                    return .failure(
                        RPCError(
                            .notFound,
                            "user_id \(String(decoding: user, as: UTF8.self)) has no events"))
                }
                return .success(JournalMessage.history(events, user: user))
            case .get(let items):
                var found: [(item: [UInt8], entry: CatalogEntry?)] = []
                for item in items {
                    let entry = try item.withBytes { (id) throws(JournalError) in
                        try journal.catalogEntry(id)
                    }
                    found.append((item, entry))
                }
                return .success(JournalMessage.catalog(found))
            default: preconditionFailure("\(request.work) does not only read")
            }
        } catch {
            tell(error)
            return .failure(error.rpcError)
        }
    }

    private func forget(_ journal: Journal, _ user: [UInt8], _ token: ReplyToken) {
        var answered = AnswerSheet()
        do throws(JournalError) {
            var receipt = ForgetReceipt()
            try transact(journal) { () throws(JournalError) in
                receipt = try user.withBytes { (id) throws(JournalError) in
                    try journal.forget(user: id)
                }
            }
            online?.forget(user: user)
            settings.models?.forgetRequests(of: user)
            receipt.isLogEmpty = try journal.emptyLog()
            if !receipt.isLogEmpty { emptyLogLater(journal) }
            answered.add(token, .success(JournalMessage.forgotten(receipt, user: user)))
        } catch {
            tell(error)
            answered.add(token, .failure(error.rpcError))
        }
        answered.send()
    }
}
