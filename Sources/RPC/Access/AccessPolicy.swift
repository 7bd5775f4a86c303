package import EventLoop
internal import Glibc

/// Which role each user and group has. Users are those of the system, by the ids that the kernel
/// tells of a peer (`SO_PEERCRED`, `SO_PEERGROUPS`); nothing that a peer says of itself counts.
///
/// The server's own uid and root are admins whatever else is said: they could stop it anyway.
/// Everyone else who can open the socket may read, until somebody is named for `read`, or it is said
/// that they may not.
package struct AccessPolicy: Equatable, Sendable {
    private var users: [UInt32: Role] = [:]
    private var groups: [UInt32: Role] = [:]
    /// What those have who are named nowhere.
    package private(set) var everyone = Role.read

    package init() {
        users[0] = .admin
        users[geteuid()] = .admin
    }

    /// Gives a user a role, unless it has a greater one.
    package mutating func allow(_ role: Role, userID: UInt32) {
        users[userID] = max(role, users[userID] ?? .none)
        restrict(role)
    }

    /// Gives all members of a group a role, unless they have a greater one.
    package mutating func allow(_ role: Role, groupID: UInt32) {
        groups[groupID] = max(role, groups[groupID] ?? .none)
        restrict(role)
    }

    /// Gives nothing to those who are named nowhere, as befits a socket that no file keeps them from.
    package mutating func denyEveryoneElse() { everyone = .none }

    private mutating func restrict(_ role: Role) {
        if role == .read { everyone = .none }
    }

    /// The greatest role that a peer has by its uid, its gid or one of its other groups.
    ///
    /// - Parameter supplementaryGroups: asked for only where it matters.
    package func role(
        of peer: PeerCredentials, supplementaryGroups: @autoclosure () -> [UInt32] = []
    ) -> Role {
        var role = max(everyone, users[peer.userID] ?? .none)
        if groups.isEmpty || role == .admin { return role }
        for group in supplementaryGroups() + [peer.groupID] {
            role = max(role, groups[group] ?? .none)
        }
        return role
    }
}

/// Who makes a call.
package struct Caller: Equatable, Sendable {
    package let peer: PeerCredentials
    package let role: Role

    package init(peer: PeerCredentials, role: Role) { (self.peer, self.role) = (peer, role) }
}
