/// Calls that only ask, and may therefore be made more than once.
extension SidecartClient {
    /// Makes the call again after a failure as the configuration's ``SidecartRetryPolicy`` says, and a
    /// second time beside the first where it is hedged.
    func attempts<M: ReadMethod>(_ method: M, timeout: Duration?) async throws(SidecartError)
        -> M.Reply
    {
        if configuration.retries.attemptsMax == 1, configuration.hedgingDelay == nil {
            return try await once(method, timeout: timeout)
        }
        let timeout = timeout ?? configuration.timeout
        let end = ContinuousClock.now + timeout
        var made = 1
        while true {
            do throws(SidecartError) {
                let reply = try await hedged(method, timeout: made == 1 ? timeout : end - .now)
                retryBudget.succeeded()
                return reply
            } catch {
                guard error.code == .unavailable else { throw error }
                retryBudget.failed()
                guard let pause = retryBudget.pause(after: made), .now + pause < end else {
                    throw error
                }
                made += 1
                try await Self.sleep(for: pause)
            }
        }
    }

    static func sleep(for pause: Duration) async throws(SidecartError) {
        do { try await Task.sleep(for: pause) } catch { throw SidecartError.cancelled }
    }

    /// Makes the call, and a second time where there is no answer after the configuration's
    /// `hedgingDelay`; what comes first is taken.
    private func hedged<M: ReadMethod>(_ method: M, timeout: Duration) async throws(SidecartError)
        -> M.Reply
    {
        guard let delay = configuration.hedgingDelay, delay < timeout, retryBudget.allowsMore else {
            return try await once(method, timeout: timeout)
        }
        let outcome = await withTaskGroup(
            of: Result<M.Reply, SidecartError>?.self
        ) { group -> Result<M.Reply, SidecartError> in
            defer { group.cancelAll() }
            func start(_ timeout: Duration) {
                group.addTask {
                    do throws(SidecartError) {
                        return .success(try await self.once(method, timeout: timeout))
                    } catch { return .failure(error) }
                }
            }
            start(timeout)
            // Nil once it is time for the second call.
            group.addTask {
                try? await Task.sleep(for: delay)
                return nil
            }
            var inFlight = 1
            while let result = await group.next() {
                switch result {
                case nil:
                    inFlight += 1
                    start(timeout - delay)
                case .success(let reply)?: return .success(reply)
                case .failure(let error)?:
                    inFlight -= 1
                    // The other call may do better where this one found nobody.
                    guard error.code == .unavailable, inFlight > 0 else { return .failure(error) }
                }
            }
            return .failure(SidecartError(.internal, "a hedged call ended without an outcome"))
        }
        return try outcome.get()
    }

    // MARK: Readiness

    /// Waits until a server at the socket says that it serves, asking for its health about fifty times
    /// a second; for the start of a service that needs it.
    ///
    /// - Throws: `deadlineExceeded` after `timeout`, with what was in the way last; `permissionDenied`
    ///   and the like at once.
    public func waitUntilReady(timeout: Duration = .seconds(30)) async throws(SidecartError) {
        let end = ContinuousClock.now + timeout
        var inTheWay = "nobody was asked"
        while .now < end {
            do throws(SidecartError) {
                let status = try await once(HealthMethod(checked: ""), timeout: end - .now).status
                if status == .serving { return }
                inTheWay = "the server says \(status)"
            } catch {
                guard error.code == .unavailable || error.code == .deadlineExceeded else {
                    throw error
                }
                inTheWay = error.message
            }
            try await Self.sleep(for: min(.milliseconds(20), max(.zero, end - .now)))
        }
        throw SidecartError(
            .deadlineExceeded, "\(socketPath) is not ready within \(timeout): \(inTheWay)")
    }

    // MARK: Batches

    /// Finds slates for several shoppers at once: the calls are written together, and answered each by
    /// itself.
    ///
    /// - Parameters:
    ///   - contexts: who asks; each counts as a call against the configuration's limits.
    ///   - options: of all the slates.
    ///   - timeout: of all of them; nil takes the configuration's.
    /// - Returns: a slate or an error for each, in the order of `contexts`.
    /// - Throws: `cancelled` alone.
    public func recommend(
        forEach contexts: [Context], _ options: SlateOptions = .init(), timeout: Duration? = nil
    ) async throws(SidecartError) -> [Result<Slate, SidecartError>] {
        let methods = contexts.map { RecommendMethod(context: $0, options: options) }
        return try await together(methods, timeout: timeout)
    }
}
