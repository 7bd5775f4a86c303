internal import CLibUV
internal import Glibc

/// Who is at the other end of a Unix socket, as the kernel recorded it when the connection was
/// made.
package struct PeerCredentials: Equatable, Sendable {
    package let processID: Int32
    package let userID: UInt32
    package let groupID: UInt32

    package init(processID: Int32, userID: UInt32, groupID: UInt32) {
        (self.processID, self.userID, self.groupID) = (processID, userID, groupID)
    }

    /// Reads `SO_PEERCRED` of a connected socket.
    package init(of descriptor: Int32) throws(EventLoopError) {
        var credentials = sc_peer_credentials()
        guard sc_peer_credentials(descriptor, &credentials) == 0 else {
            throw EventLoopError(code: -errno, operation: "read the peer's credentials")
        }
        self.init(
            processID: credentials.pid, userID: credentials.uid, groupID: credentials.gid)
    }

    /// The peer's supplementary groups (`SO_PEERGROUPS`); none where the kernel does not say.
    package static func supplementaryGroups(of descriptor: Int32) -> [UInt32] {
        var count: UInt32 = 32
        while true {
            var groups = [UInt32](repeating: 0, count: Int(count))
            if sc_peer_groups(descriptor, &groups, &count) == 0 {
                return Array(groups.prefix(Int(count)))
            }
            guard errno == ERANGE, Int(count) > groups.count else { return [] }
        }
    }
}
