import EventLoop
import Glibc

/// Connects a blocking socket to a server's path, for clients of bare system calls. Sending and receiving
/// give up after 20 s of silence.
///
/// - Throws: ``SocketFailure``.
package func connectPatiently(to path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
        setsockopt(
            descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
    guard UnixSocket.connect(descriptor, to: path) == 0 else {
        let failure = SocketFailure(errno: errno)
        close(descriptor)
        throw failure
    }
    return descriptor
}

/// A system call of a client's that failed.
package struct SocketFailure: Error {
    package let errno: Int32

    package init(errno: Int32) { self.errno = errno }
}
