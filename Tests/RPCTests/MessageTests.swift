import CSidecartProto
import Interactions
import RPC
import Testing

@Suite struct MessageArenaTests {
    @Test func memoryIsAlignedZeroedAndReused() throws {
        let arena = MessageArena(capacity: 4096)
        let first = try #require(arena.allocate(100))
        first.initializeMemory(as: UInt8.self, repeating: 0xFF, count: 100)
        let second = try #require(arena.allocate(1))
        #expect(second - first == 112)
        arena.reset()
        let again = try #require(arena.allocate(100))
        #expect(again == first)
        #expect(UnsafeRawBufferPointer(start: again, count: 100).allSatisfy { $0 == 0 })
    }

    @Test func whatDoesNotFitIsRefusedUntilTheReset() {
        let arena = MessageArena(capacity: 64)
        #expect(arena.allocate(64) != nil)
        #expect(arena.allocate(0) != nil)
        #expect(arena.allocate(1) == nil)
        arena.reset()
        #expect(arena.bytesInUse == 0)
        #expect(arena.allocate(1) != nil)
    }
}

@Suite struct MessageDecoderTests {
    /// Decodes from a block of exactly that size, so that the address sanitizer sees any byte too
    /// many, and encodes the outcome again.
    private func recode<Message>(
        _ bytes: [UInt8], in arena: MessageArena = MessageArena(capacity: 1 << 20),
        _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) throws(MessageDecoder.Failure) -> [UInt8] {
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { block.deallocate() }
        block.copyBytes(from: bytes)
        let message = try MessageDecoder(arena: arena)
            .decode(UnsafeRawBufferPointer(block), initialize)
        let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
        var packed = [UInt8](repeating: 0, count: protobuf_c_message_get_packed_size(base))
        _ = protobuf_c_message_pack(base, &packed)
        return packed
    }

    /// A RecommendRequest with every field: context {user_id, two of basket, one of history}, k,
    /// two of exclude, the three flags and per_category_max.
    private let recommendation: [UInt8] =
        [0x0A, 14, 0x0A, 2, 117, 49, 0x12, 1, 97, 0x12, 1, 98, 0x1A, 2, 99, 100]
        + [0x10, 0xAC, 2, 0x1A, 1, 120, 0x1A, 2, 121, 121, 0x20, 1, 0x28, 1, 0x30, 3, 0x38, 1]
    /// Two embeddings of two and three dimensions.
    private let embeddings: [UInt8] =
        [0x08, 1, 0x12, 13, 0x0A, 1, 97, 0x12, 8, 1, 2, 3, 4, 5, 6, 7, 8]
        + [0x12, 17, 0x0A, 1, 98, 0x12, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]

    @Test func whatGeneratedCodePacksComesOutTheSame() throws {
        #expect(
            try recode(recommendation, sidecart__v1__recommend_request__init) == recommendation)
        #expect(try recode(embeddings, sidecart__v1__put_embeddings_request__init) == embeddings)
        #expect(try recode([], sidecart__v1__status_request__init) == [])
        // Counts and positions: {calls 2^63, draining, pid}, and packed varints.
        let status: [UInt8] =
            [0x48] + [UInt8](repeating: 0x80, count: 9) + [1, 0x80, 1, 1, 0x88, 1, 7]
        #expect(try recode(status, sidecart__v1__status_response__init) == status)
        let unknown: [UInt8] = [0x12, 4, 0, 0xAC, 2, 5]
        #expect(try recode(unknown, sidecart__v1__score_response__init) == unknown)
    }

    @Test func fieldsThatComeTwiceAreMergedAsProtobufHasIt() throws {
        // {context {user "a", basket "x"}, k 1} and {context {user "b", basket "y"}, k 2}.
        let first: [UInt8] = [0x0A, 6, 0x0A, 1, 97, 0x12, 1, 120, 0x10, 1]
        let second: [UInt8] = [0x0A, 6, 0x0A, 1, 98, 0x12, 1, 121, 0x10, 2]
        let merged: [UInt8] = [0x0A, 9, 0x0A, 1, 98, 0x12, 1, 120, 0x12, 1, 121, 0x10, 2]
        #expect(try recode(first + second, sidecart__v1__recommend_request__init) == merged)
        // A float on its own between packed ones; field 99 is skipped.
        let mixed: [UInt8] = [0x0A, 4, 1, 2, 3, 4, 0x0D, 5, 6, 7, 8, 0x98, 6, 1]
        #expect(
            try recode(mixed, sidecart__v1__score_response__init) == [
                0x0A, 8, 1, 2, 3, 4, 5, 6, 7, 8,
            ])
    }

    @Test(
        arguments: [
            ("a length past the end", [0x12, 9]), ("a cut tag", [0x80]), ("a group", [0x0B]),
            ("a string where a message is", [0x0A, 2, 0x0A, 9]),
            ("a number where a message is", [0x08, 1]), ("bytes where a number is", [0x12, 0]),
            ("a malformed element after good ones", [0x1A, 1, 120, 0x1A, 1, 121, 0x1A, 9]),
            ("a malformed context after a good one", [0x0A, 3, 0x0A, 1, 97, 0x0A, 2, 0x12, 1]),
        ] as [(String, [UInt8])])
    func malformedMessagesAreRefused(_ what: String, _ bytes: [UInt8]) {
        #expect(throws: MessageDecoder.Failure.malformed, "\(what)") {
            try recode(bytes, sidecart__v1__recommend_request__init)
        }
    }

    @Test func everyTruncationAndRandomBytesAreRefusedOrUnderstood() {
        for count in 0..<embeddings.count {
            let cut = Array(embeddings[..<count])
            _ = try? recode(cut, sidecart__v1__put_embeddings_request__init)
        }
        for seed in UInt64(1)...10 {
            var random = SeededGenerator(seed: seed)
            for _ in 0..<2000 {
                var bytes = Bool.random(using: &random) ? recommendation : embeddings
                for _ in 0...Int.random(in: 0...3, using: &random) {
                    bytes[Int.random(in: bytes.indices, using: &random)] = random.next()
                }
                _ = try? recode(bytes, sidecart__v1__put_embeddings_request__init)
                _ = try? recode(bytes, sidecart__v1__recommend_request__init)
            }
        }
    }

    @Test func aMessageThatIsTooLargeIsToldFromABadOne() {
        let small = MessageArena(capacity: 4096)
        // Empty messages: two bytes each on the wire, many times that in memory.
        #expect(throws: MessageDecoder.Failure.exhausted) {
            try recode(
                (0..<500).flatMap { _ in [0x12, 0] as [UInt8] }, in: small,
                sidecart__v1__put_embeddings_request__init)
        }
        small.reset()
        #expect(throws: MessageDecoder.Failure.malformed) {
            try recode([0x12, 9], in: small, sidecart__v1__put_embeddings_request__init)
        }
    }
}
