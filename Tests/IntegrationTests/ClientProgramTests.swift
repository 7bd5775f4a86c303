import Foundation
import SidecartClient
import TestFolders
import TestPeers
import Testing

extension ProgramTests {
    /// Stock clients of Go and C++, unmodified, at a real server.
    @Suite struct ClientProgramTests {
        private static let everycall = [
            ClientProgram("go-everycall", "ttrpc"), ClientProgram("go-everycall", "grpc"),
            ClientProgram("cpp-everycall"),
        ]
        private static let examples = [
            ClientProgram("go-recommend-ttrpc"), ClientProgram("go-recommend-grpc"),
            ClientProgram("cpp-recommend"),
        ]

        private let shop: TrainedShop
        private let folder: TemporaryFolder

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
        }

        @Test(
            "Clients of Go and C++ call every method",
            .enabled(
                if: everycall.contains(where: \.isBuilt), Comment(rawValue: ClientProgram.skipped)),
            arguments: everycall.filter(\.isBuilt))
        func everyMethod(program: ClientProgram) throws {
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"], "--events-db", folder["events.db"])
            let (status, output) = program.run(
                folder["s"], ["methods"] + (try Contract.files))
            #expect(status == 0, "\(output)")
            var codes: [String: Int] = [:]
            for line in output.split(separator: "\n") {
                let words = line.split(separator: " ")
                try #require(words.count == 2, "\(output)")
                codes[String(words[0])] = Int(words[1])
            }
            #expect(
                try Set(codes.keys)
                    == Contract.unaryMethods.subtracting(["sidecart.v1.Admin/Drain"]))
            // OK, INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION or UNIMPLEMENTED, by its handler.
            for (method, code) in codes {
                #expect([0, 3, 5, 9, 12].contains(code), "\(method): \(code)")
            }
            #expect(
                codes["sidecart.v1.Admin/Status"] == 0 && codes["grpc.health.v1.Health/Check"] == 0)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test(
            "The examples of Go and C++ get the slate that the Swift client gets",
            .enabled(
                if: examples.contains(where: \.isBuilt), Comment(rawValue: ClientProgram.skipped)),
            arguments: examples.filter(\.isBuilt))
        func slate(program: ClientProgram) throws {
            let server = try Server(bundle: shop.bundle, socket: folder["s"])
            let context = Context(userID: shop.user(0), basket: [shop.item(0), shop.item(1)])
            let slate = try BlockingConnection(socketPath: folder["s"])
                .recommend(for: context, SlateOptions(count: 5))
            let (status, output) = program.run(
                folder["s"], [shop.user(0), shop.item(0), shop.item(1)])
            #expect(status == 0, "\(output)")
            let lines = output.split(separator: "\n").map(String.init)
            try #require(lines.count == 5 && slate.items.count == 5, "\(output)")
            for (line, item) in zip(lines, slate.items) {
                #expect(line.hasPrefix("\(item.itemID) \(item.title) "), "\(line)")
            }
            let missing = program.run(folder["no server"], [shop.user(0)])
            #expect(missing.status == 1 && !missing.output.isEmpty)
            #expect(server.end(SIGTERM) == 0)
        }
    }
}
