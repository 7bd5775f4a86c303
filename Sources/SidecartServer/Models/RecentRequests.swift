internal import EventLoop

/// Some of the newest requests of one loop, as they came: what a model that is loaded answers for
/// practice before it serves.
///
/// One loop's thread adds, without allocating and without waiting; any thread may read. The first
/// requests are all kept, and of later ones every 64th, in place of the oldest.
///
/// `@unchecked Sendable`: `seen` is touched on the loop's thread only, `memory` under the lock.
final class RecentRequests: @unchecked Sendable {
    enum Method: Sendable { case score, recommend }

    struct Request: Sendable {
        let method: Method
        /// The encoded message.
        let payload: [UInt8]
    }

    private struct Place: Sendable {
        var method: Method
        var bytes: Int
    }

    static let countMax = 32
    /// Larger ones are passed over.
    static let payloadBytesMax = 4_096
    private static let interval = 64

    private var seen = 0
    private let memory: UnsafeMutableRawPointer
    private let places = Locked<[Place?]>(Array(repeating: nil, count: countMax))

    init() {
        memory = .allocate(byteCount: Self.countMax * Self.payloadBytesMax, alignment: 16)
    }

    deinit { memory.deallocate() }

    /// Keeps a copy of a request, if it is its turn.
    @inline(__always)
    func note(_ method: Method, _ payload: UnsafeRawBufferPointer) {
        seen &+= 1
        if seen <= Self.countMax || seen % Self.interval == 0 { keep(method, payload) }
    }

    private func keep(_ method: Method, _ payload: UnsafeRawBufferPointer) {
        guard payload.count <= Self.payloadBytesMax else { return }
        let place = (seen <= Self.countMax ? seen - 1 : seen / Self.interval) % Self.countMax
        let target = UnsafeMutableRawBufferPointer(
            start: memory + place * Self.payloadBytesMax, count: Self.payloadBytesMax)
        // Whoever reads them just now is not waited for.
        _ = places.withLockIfFree { places in
            target.copyMemory(from: payload)
            places[place] = Place(method: method, bytes: payload.count)
        }
    }

    /// Lets go of the requests that hold an id, wherever in them it stands, and overwrites what they took.
    func forget(_ id: [UInt8]) {
        places.withLock { places in
            for index in places.indices {
                guard let place = places[index] else { continue }
                let bytes = UnsafeMutableRawBufferPointer(
                    start: memory + index * Self.payloadBytesMax, count: place.bytes)
                guard bytes.holds(id) else { continue }
                bytes.initializeMemory(as: UInt8.self, repeating: 0)
                places[index] = nil
            }
        }
    }

    /// Copies of those that are kept.
    var requests: [Request] {
        places.withLock { places in
            places.indices.compactMap { index in
                places[index].map { place in
                    let bytes = UnsafeRawBufferPointer(
                        start: memory + index * Self.payloadBytesMax, count: place.bytes)
                    return Request(method: place.method, payload: Array(bytes))
                }
            }
        }
    }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate func holds(_ part: [UInt8]) -> Bool {
        guard !part.isEmpty, part.count <= count else { return false }
        return (0...count - part.count).contains { start in
            self[start] == part[0] && self[start..<start + part.count].elementsEqual(part)
        }
    }
}
