internal import Buffers
internal import EventLoop

/// The cap on what the connections of all loops hold in buffers together.
///
/// Each loop counts for itself; whoever comes to hold more adds the loops up. Past the cap the loop
/// that holds the most gives memory back, its largest holders first.
final class BufferBudget: Sendable {
    private struct Member: Sendable {
        let held: Gauge
        let door: LoopDoor
        let server: LoopBound<ServerLoop>
        var isAsked = false
    }

    let max: Int
    private let members = Locked<[Member]>([])

    init(max: Int) { self.max = max }

    /// Adds a loop; called on its thread, before it serves.
    func join(_ server: ServerLoop) {
        let member = Member(
            held: server.counters.heldBytes, door: server.loop.door,
            server: LoopBound(server, to: server.loop))
        members.withLock { $0.append(member) }
    }

    /// Forgets all loops, which have ended.
    func disband() { members.withLock { $0.removeAll() } }

    /// Whether the cap is passed and it is for `server` to give memory back. Where it is for
    /// another loop, that one is asked to.
    func mustRelieve(_ server: ServerLoop) -> Bool {
        let other = members.withLock { members -> Member? in
            let sum = members.reduce(0) { $0 + $1.held.value }
            guard sum > max,
                let i = members.indices.max(by: {
                    members[$0].held.value < members[$1].held.value
                })
            else { return nil }
            let member = members[i]
            if member.held !== server.counters.heldBytes { members[i].isAsked = true }
            return member
        }
        guard let other else { return false }
        if other.held === server.counters.heldBytes { return true }
        if !other.isAsked {
            other.door.submit { [self] loop in
                let server = other.server.value(on: loop)
                members.withLock { members in
                    for i in members.indices where members[i].held === server.counters.heldBytes {
                        members[i].isAsked = false
                    }
                }
                server.relieve()
            }
        }
        return false
    }
}
