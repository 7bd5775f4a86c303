internal import Buffers

/// What a server has done and holds; sums over its loops.
///
/// Read without locks while the loops go on, so the figures are each right but not of one instant.
package struct RPCStatistics: Equatable, Sendable {
    /// Connections open now.
    package internal(set) var connections = 0
    /// Connections served since the start.
    package internal(set) var connectionsTotal = 0
    /// Connections closed at once because `RPCServer.connectionsMax` were open, or the server was
    /// draining.
    package internal(set) var connectionsRefused = 0
    /// Connections the server broke off: no ttrpc, a stuck client, a frame never finished, or the
    /// end of a drain's grace.
    package internal(set) var connectionsAborted = 0
    /// Requests that came in, refused ones included.
    package internal(set) var calls = 0
    /// Requests answered with another code than OK.
    package internal(set) var callsFailed = 0
    /// Bytes read from sockets.
    package internal(set) var bytesRead = 0
    /// Bytes of the replies to them, sent or about to be.
    package internal(set) var bytesWritten = 0
    /// Memory of buffers that hold partial frames, waiting calls or unsent replies. Zero when all
    /// is quiet.
    package internal(set) var bufferBytes = 0
}

/// One loop's counters, written by its thread alone.
final class LoopCounters: Sendable {
    let connections = Gauge()
    let connectionsTotal = Gauge()
    let connectionsRefused = Gauge()
    let connectionsAborted = Gauge()
    let calls = Gauge()
    let callsFailed = Gauge()
    let bytesRead = Gauge()
    let bytesWritten = Gauge()
    let bufferBytes: Gauge

    init(bufferBytes: Gauge) { self.bufferBytes = bufferBytes }

    func add(to sum: inout RPCStatistics) {
        sum.connections += connections.value
        sum.connectionsTotal += connectionsTotal.value
        sum.connectionsRefused += connectionsRefused.value
        sum.connectionsAborted += connectionsAborted.value
        sum.calls += calls.value
        sum.callsFailed += callsFailed.value
        sum.bytesRead += bytesRead.value
        sum.bytesWritten += bytesWritten.value
        sum.bufferBytes += bufferBytes.value
    }
}
