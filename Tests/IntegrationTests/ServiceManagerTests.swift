import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    /// Under systemd, or what speaks its protocol.
    @Suite struct ServiceManagerTests {
        private static let activate = "/usr/bin/systemd-socket-activate"
        private let shop: TrainedShop
        private let folder: TemporaryFolder

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
        }

        @Test("READY comes once it serves, and STOPPING when it drains")
        func notifications() throws {
            let notices = try NotifySocket(folder["notify"])
            setenv("NOTIFY_SOCKET", notices.path, 1)
            let server = try Server(bundle: shop.bundle, socket: folder["s"])
            unsetenv("NOTIFY_SOCKET")
            let ready = notices.next()
            #expect(ready.hasPrefix("READY=1\n") && ready.contains("STATUS=serving ials shop-1"))
            #expect(server.end(SIGTERM) == 0)
            #expect(notices.next() == "STOPPING=1")
        }

        @Test(
            "A socket that systemd hands over is served and left where it is",
            .enabled(
                if: FileManager.default.isExecutableFile(atPath: activate),
                "systemd-socket-activate is not installed"))
        func activation() throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Self.activate)
            process.arguments = [
                "--listen=\(folder["s"])", Program.path.path, "serve", "--bundle", shop.bundle,
            ]
            process.standardError = try folder.open("log")
            try process.run()
            defer { kill(process.processIdentifier, SIGKILL) }
            try wait(for: "the socket") {
                FileManager.default.fileExists(atPath: folder["s"])
            }
            let connection = BlockingConnection(socketPath: folder["s"])
            // The first call starts the server.
            let status = try connection.status(timeout: .seconds(20))
            #expect(status.processID == Int(process.processIdentifier))
            try wait(for: "'ready'") { try folder.read("log").contains("ready") }
            #expect(try folder.read("log").contains("socket=\(folder["s"])"))
            kill(process.processIdentifier, SIGTERM)
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
            // It is systemd's, which starts the next server on it.
            #expect(FileManager.default.fileExists(atPath: folder["s"]))
        }

        @Test("A handed-over descriptor that is no listening socket, and a missing one, are errors")
        func wrongDescriptors() throws {
            let nothing = try Program.run("serve", "--bundle", shop.bundle)
            #expect(nothing.code == 1 && nothing.errors.contains("--socket is missing"))
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = [
                "-c", "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" serve --bundle \"$1\" 3</dev/null",
                Program.path.path, shop.bundle,
            ]
            process.standardError = try folder.open("log")
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 1)
            let log = try folder.read("log")
            #expect(log.contains("descriptor 3 is no Unix stream socket"))
        }
    }
}

/// The socket at which a service manager hears from its services (sd_notify(3)).
final class NotifySocket {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience,
            socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// The next notice; empty where none comes for 20 s.
    func next() -> String {
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
