import Foundation

/// What systemd, or whatever speaks its protocol, has to do with the process: it may hand over a
/// socket (`LISTEN_FDS`) and wants to hear how the service is doing (`NOTIFY_SOCKET`).
enum ServiceManager {
    /// The first descriptor that is handed over; sd_listen_fds(3).
    private static let firstDescriptor: Int32 = 3

    /// The listening socket that was handed to this process, if one was.
    ///
    /// - Throws: where it is not exactly one.
    static func inheritedSocket() throws(Failure) -> Int32? {
        let environment = ProcessInfo.processInfo.environment
        guard let count = environment["LISTEN_FDS"],
            environment["LISTEN_PID"].flatMap(Int32.init) == getpid()
        else { return nil }
        // They are for this process, and none that it starts.
        for name in ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] { unsetenv(name) }
        guard count == "1" else {
            throw Failure("LISTEN_FDS is \(count); a server takes one socket")
        }
        return firstDescriptor
    }

    /// Tells the service manager, where there is one; sd_notify(3).
    ///
    /// - Parameter state: such as `READY=1`.
    static func notify(_ state: String) {
        guard
            var name = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"].map({ Array($0.utf8) }),
            name.count > 1
        else { return }
        // An @ stands for the NUL of an abstract name.
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        var address = sockaddr_un()
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + name.count
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let flags = Int32(MSG_NOSIGNAL)
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(
                    descriptor, state, state.utf8.count, flags, address, socklen_t(length))
            }
        }
    }
}
