internal import Buffers

/// What a server has done and holds; sums over its loops.
///
/// Read without locks while the loops go on, so the figures are each right but not of one instant.
package struct RPCStatistics: Equatable, Sendable {
    /// Connections open now.
    package internal(set) var connections = 0
    /// Connections served since the start.
    package internal(set) var connectionsTotal = 0
    /// Connections closed as soon as they were accepted, because a limit on connections was
    /// reached.
    package internal(set) var connectionsRefused = 0
    /// Connections the server broke off, by reason; each reason has an entry.
    package internal(set) var brokenOff: [BreakOffReason: Int] = [:]
    /// Connections the server broke off, for whatever reason.
    package var connectionsAborted: Int { brokenOff.values.reduce(0, +) }
    /// Requests that came in, refused ones included.
    package internal(set) var calls = 0
    /// Requests answered with another code than OK.
    package internal(set) var callsFailed = 0
    /// Of those, with PERMISSION_DENIED.
    package internal(set) var callsDenied = 0
    /// Frames given up, and answered with RESOURCE_EXHAUSTED, because buffers were full.
    package internal(set) var framesRefused = 0
    /// Requests that were moved to the background.
    package internal(set) var callsMoved = 0
    /// Requests that have begun and are answered in a later turn: those that wait or run in the
    /// background, and those whose handlers took a token.
    package internal(set) var pendingCalls = 0
    /// Bytes read from sockets.
    package internal(set) var bytesRead = 0
    /// Bytes of the replies to them, sent or about to be.
    package internal(set) var bytesWritten = 0
    /// Memory of buffers that hold partial frames, waiting calls or unsent replies. Zero when all
    /// is quiet.
    package internal(set) var bufferBytes = 0
    /// What connections hold that only their clients, or the end of pending calls, can free; what the limit
    /// `bufferBytesMax` is on.
    package internal(set) var heldBytes = 0
}

/// One loop's counters, written by its thread alone.
final class LoopCounters: Sendable {
    let connections = Gauge()
    let connectionsTotal = Gauge()
    let connectionsRefused = Gauge()
    let brokenOff = Dictionary(
        uniqueKeysWithValues: BreakOffReason.allCases.map { ($0, Gauge()) })
    let calls = Gauge()
    let callsFailed = Gauge()
    let callsDenied = Gauge()
    let framesRefused = Gauge()
    let heldBytes = Gauge()
    let callsMoved = Gauge()
    let pendingCalls = Gauge()
    let bytesRead = Gauge()
    let bytesWritten = Gauge()
    let bufferBytes: Gauge

    init(bufferBytes: Gauge) { self.bufferBytes = bufferBytes }

    func add(to sum: inout RPCStatistics) {
        sum.connections += connections.value
        sum.connectionsTotal += connectionsTotal.value
        sum.connectionsRefused += connectionsRefused.value
        for (reason, gauge) in brokenOff { sum.brokenOff[reason, default: 0] += gauge.value }
        sum.calls += calls.value
        sum.callsFailed += callsFailed.value
        sum.callsDenied += callsDenied.value
        sum.framesRefused += framesRefused.value
        sum.heldBytes += heldBytes.value
        sum.callsMoved += callsMoved.value
        sum.pendingCalls += pendingCalls.value
        sum.bytesRead += bytesRead.value
        sum.bytesWritten += bytesWritten.value
        sum.bufferBytes += bufferBytes.value
    }
}
