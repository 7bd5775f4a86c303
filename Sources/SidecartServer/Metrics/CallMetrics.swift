internal import Metrics
internal import RPC
internal import Wire

extension MethodStatistics {
    /// Codes that are told from the start, so that an alert sees the first of them: those that speak
    /// of the server and not of the caller.
    private static let expected: [StatusCode] = [
        .ok, .deadlineExceeded, .resourceExhausted, .internal,
    ]

    static func add(_ methods: [MethodStatistics], to writer: inout MetricsWriter) {
        writer.add("sidecart_calls", .counter, "Calls answered, by method and gRPC status code.") {
            for method in methods {
                let others = expected.filter { code in !method.answers.contains { $0.code == code }
                }
                for answer in method.answers + others.map({ ($0, 0) }) {
                    $0.add(
                        answer.calls, ["method": method.method, "code": answer.code.description])
                }
            }
        }
        writer.add(
            "sidecart_call_duration_seconds", .histogram,
            "Time from when a call was read until its answer was ready to be sent, by method."
        ) {
            // Without `other`, which holds what was no call.
            for method in methods.dropLast() {
                $0.add(
                    counts: method.latencies, sum: Double(method.latencySum) / 1e9,
                    ["method": method.method])
            }
        }
    }
}

extension RPCStatistics {
    func add(
        to writer: inout MetricsWriter, backlogNanoseconds: Int64, bufferBytesMax: Int,
        connectionsMax: Int
    ) {
        writer.add(
            "sidecart_calls_denied", .counter,
            "Calls whose caller's role did not allow the method.", value: callsDenied)
        writer.add(
            "sidecart_calls_moved", .counter,
            "Calls that were moved to the threads for long ones.", value: callsMoved)
        writer.add(
            "sidecart_pending_calls", .gauge,
            "Calls that have begun and wait for a later turn, such as those on the threads for long ones.",
            value: pendingCalls)
        writer.add(
            "sidecart_background_backlog_seconds", .gauge,
            "Estimated work that waits or runs on the threads for long calls.",
            value: Double(backlogNanoseconds) / 1e9)
        writer.add(
            "sidecart_connections", .gauge, "Connections open now.", value: connections)
        writer.add(
            "sidecart_connections_max", .gauge, "Most connections that are served at once.",
            value: connectionsMax)
        writer.add(
            "sidecart_connections_accepted", .counter, "Connections served since the start.",
            value: connectionsTotal)
        writer.add(
            "sidecart_connections_refused", .counter,
            "Connections closed at once, as too many were open in all or of one uid.",
            value: connectionsRefused)
        writer.add(
            "sidecart_connections_broken_off", .counter,
            "Connections that the server broke off, by reason."
        ) { samples in
            for reason in BreakOffReason.allCases {
                samples.add(brokenOff[reason] ?? 0, ["reason": "\(reason)"])
            }
        }
        writer.add(
            "sidecart_frames_refused", .counter,
            "Frames that were not taken in because the buffers were full.", value: framesRefused)
        writer.add(
            "sidecart_buffered_bytes", .gauge,
            "What connections hold in partial frames, waiting calls and unsent replies.",
            value: heldBytes)
        writer.add(
            "sidecart_buffered_bytes_max", .gauge, "The cap on sidecart_buffered_bytes.",
            value: bufferBytesMax)
        writer.add("sidecart_read_bytes", .counter, "Bytes read from clients.", value: bytesRead)
        writer.add(
            "sidecart_written_bytes", .counter, "Bytes of replies to clients.", value: bytesWritten)
    }
}
