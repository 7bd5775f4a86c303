import ArgumentParser
import Foundation
import RPC

/// Who can open the socket, and who may do what.
struct AccessOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Permissions of the socket, octal.", valueName: "mode"))
    var socketMode = "600"

    @Option(
        help: ArgumentHelp(
            "Group of the socket, by name or number; with --socket-mode 660 its members can connect.",
            valueName: "group"))
    var socketGroup: String?

    @Option(
        help: ArgumentHelp(
            "Give users and groups a role, such as write=uid:1001,gid:shop. read: ask; write: also change vectors; admin: also drain. The server's own uid and root are admins; everyone else who can open the socket may read, until somebody is named for read.",
            valueName: "role=who,…"))
    var allow: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file with one such role=who,… a line; # begins a comment.", valueName: "file"))
    var allowFile: String?

    func validate() throws {
        guard UInt16(socketMode, radix: 8).map({ $0 <= 0o777 }) ?? false else {
            throw ValidationError("--socket-mode is '\(socketMode)'; it must be octal, such as 660")
        }
        do {
            _ = try groupID
            for rule in allow { _ = try AccessRule(rule) }
        } catch {
            throw ValidationError(error.description)
        }
    }

    var mode: UInt16 { UInt16(socketMode, radix: 8) ?? 0o600 }

    var groupID: UInt32? {
        get throws(Failure) {
            guard let socketGroup else { return nil }
            return try Account.group(socketGroup, "--socket-group")
        }
    }

    /// What all of it comes to.
    func policy() throws(Failure) -> AccessPolicy {
        var policy = AccessPolicy()
        for rule in allow { try AccessRule(rule).apply(to: &policy) }
        guard let allowFile else { return policy }
        let text: String
        do {
            text = try String(contentsOfFile: allowFile, encoding: .utf8)
        } catch {
            throw Failure("--allow-file \(allowFile): \(error.localizedDescription)")
        }
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let rule = line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
            if rule.isEmpty { continue }
            do throws(Failure) {
                try AccessRule(rule).apply(to: &policy)
            } catch {
                throw Failure("\(allowFile):\(number + 1): \(error.description)")
            }
        }
        return policy
    }
}

/// One `ROLE=uid:WHO,gid:WHO`.
struct AccessRule {
    private let role: Role
    private var userIDs: [UInt32] = []
    private var groupIDs: [UInt32] = []

    init(_ text: String) throws(Failure) {
        let parts = text.split(separator: "=", maxSplits: 1).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        let roles = Role.allCases.filter { $0 > .none }
        guard let role = roles.first(where: { $0.name == parts.first }), parts.count == 2 else {
            throw Failure(
                "'\(text)' is no rule; it takes \(roles.map(\.name).joined(separator: ", ")), then =, then such as uid:1001,gid:shop"
            )
        }
        self.role = role
        for who in parts[1].split(separator: ",") {
            let who = who.trimmingCharacters(in: .whitespaces)
            if who.hasPrefix("uid:") {
                userIDs.append(try Account.user(String(who.dropFirst(4)), text))
            } else if who.hasPrefix("gid:") {
                groupIDs.append(try Account.group(String(who.dropFirst(4)), text))
            } else {
                throw Failure("'\(text)': '\(who)' is neither uid:… nor gid:…")
            }
        }
    }

    func apply(to policy: inout AccessPolicy) {
        for id in userIDs { policy.allow(role, userID: id) }
        for id in groupIDs { policy.allow(role, groupID: id) }
    }
}

/// Looks up the system's users and groups.
enum Account {
    /// - Parameter place: what an error names.
    static func user(_ text: String, _ place: String) throws(Failure) -> UInt32 {
        if let id = UInt32(text) { return id }
        guard let entry = getpwnam(text) else {
            throw Failure("'\(place)': there is no user '\(text)'")
        }
        return entry.pointee.pw_uid
    }

    static func group(_ text: String, _ place: String) throws(Failure) -> UInt32 {
        if let id = UInt32(text) { return id }
        guard let entry = getgrnam(text) else {
            throw Failure("'\(place)': there is no group '\(text)'")
        }
        return entry.pointee.gr_gid
    }
}
