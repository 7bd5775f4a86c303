internal import EventJournal
internal import EventLoop
internal import RPC

/// Answers that are given once a transaction is durable.
struct AnswerSheet {
    private var answers: [(token: ReplyToken, answer: JournalAnswer)] = []

    mutating func add(_ token: ReplyToken, _ answer: JournalAnswer) {
        answers.append((token, answer))
    }

    mutating func failAll(_ error: JournalError) {
        for i in answers.indices { answers[i].answer = .failure(error.rpcError) }
    }

    /// Takes them to their loops, a job a loop.
    func send() {
        var byLoop: [(door: LoopDoor, answers: [(ReplyToken, JournalAnswer)])] = []
        for (token, answer) in answers {
            if let i = byLoop.firstIndex(where: { $0.door === token.door }) {
                byLoop[i].answers.append((token, answer))
            } else {
                byLoop.append((token.door, [(token, answer)]))
            }
        }
        for (door, answers) in byLoop {
            door.submit { loop in
                for (token, answer) in answers {
                    switch answer {
                    case .success(let payload):
                        payload.withUnsafeBytes { token.reply($0, on: loop) }
                    case .failure(let error): token.fail(error, on: loop)
                    }
                }
            }
        }
    }
}

extension JournalError {
    /// As a caller is told.
    var rpcError: RPCError {
        switch code {
        case .full: RPCError(.resourceExhausted, message)
        case .readOnly, .foreign, .newer: RPCError(.failedPrecondition, message)
        case .damaged, .io: RPCError(.dataLoss, message)
        case .inUse: RPCError(.unavailable, message)
        case .invalid: RPCError(.invalidArgument, message)
        }
    }
}
