import Bundles
import Foundation
import Interactions
import ModelParts
import TestFolders
import Testing

@Suite struct RoundTripTests {
    @Test func `Everything in a bundle comes back as it was`() throws {
        let folder = TemporaryFolder()
        let bundle = fullBundle()
        let digest = try bundle.write(to: "\(folder.path)/b")
        #expect(digest == sha256(try bytes("\(folder.path)/b/tensors.safetensors")))
        let copy = try ModelBundle.read(from: "\(folder.path)/b")
        #expect(contents(copy) == contents(bundle))
        #expect(copy.items.index(of: "grüner-tee") == 2)
        #expect(copy.users.index(of: "eve") == 2)
        #expect(try ModelBundle.read(from: "\(folder.path)/b").info == bundle.info)
    }

    @Test func `The same content gives the same bytes`() throws {
        let folder = TemporaryFolder()
        for name in ["a", "b"] { try fullBundle().write(to: "\(folder.path)/\(name)") }
        try ModelBundle.read(from: "\(folder.path)/a").write(to: "\(folder.path)/c")
        for file in ["manifest.json", "tensors.safetensors"] {
            let first = try bytes("\(folder.path)/a/\(file)")
            #expect(try bytes("\(folder.path)/b/\(file)") == first)
            #expect(try bytes("\(folder.path)/c/\(file)") == first)
        }
    }

    @Test func `A model without embeddings, users and histories comes back`() throws {
        let folder = TemporaryFolder()
        let bundle = ModelBundle(
            info: BundleInfo(version: "1", kind: "popular"), items: IdentifierTable(["a", "b"]),
            parts: ModelParts(popularity: [2, 1]))
        try bundle.write(to: "\(folder.path)/b")
        #expect(contents(try ModelBundle.read(from: "\(folder.path)/b")) == contents(bundle))
    }

    @Test func `Item weights or lists by user are a model by themselves`() throws {
        let folder = TemporaryFolder()
        for (name, rows, others) in [("item_weights", 3, 0), ("user_lists", 1, 2)] {
            let ids = minimalTensors().filter { $0.name.hasPrefix("item_ids") }
            let users = [
                RawTensor(name: "user_ids.bytes", type: "U8", shape: [1], data: [65]),
                RawTensor(
                    name: "user_ids.offsets", type: "I64", shape: [2],
                    data: littleEndian([0, 1] as [Int64])),
            ]
            let offsets = [0, 2] + Array(repeating: Int64(2), count: rows - 1)
            let lists = [
                RawTensor(
                    name: "\(name).offsets", type: "I64", shape: [rows + 1],
                    data: littleEndian(offsets)),
                RawTensor(
                    name: "\(name).items", type: "I32", shape: [2],
                    data: littleEndian([2, 1] as [Int32])),
                RawTensor(
                    name: "\(name).scores", type: "F32", shape: [2],
                    data: littleEndian([0.5, -1] as [Float])),
            ]
            try makeFolder(
                "\(folder.path)/\(name)",
                tensors: safetensors(ids + users.prefix(others) + lists))
            let parts = try ModelBundle.read(from: "\(folder.path)/\(name)").parts
            let read = try #require(others == 0 ? parts.itemWeights : parts.userLists)
            #expect(read.offsets == offsets.map { Int($0) })
            #expect(read.items == [2, 1] && read.scores == [0.5, -1])
            #expect(read.lifts == [0, 0] && read.confidences == [0, 0])
        }
    }

    @Test func `A ranker needs no layers, and no bias when read`() throws {
        let folder = TemporaryFolder()
        var bundle = fullBundle()
        bundle.parts.ranker = RankerParts(features: [.itemWeights, .complement], wide: [1, 0.5])
        try bundle.write(to: "\(folder.path)/a")
        #expect(
            try ModelBundle.read(from: "\(folder.path)/a").parts.ranker == bundle.parts.ranker)
        try makeFolder(
            "\(folder.path)/b", tensors: safetensors(minimalTensors() + rankerTensors(["product"])))
        #expect(
            try ModelBundle.read(from: "\(folder.path)/b").parts.ranker
                == RankerParts(features: [.product], wide: [0.5]))
    }

    @Test func `Ids and embeddings written by another program are enough`() throws {
        let folder = TemporaryFolder()
        try makeFolder("\(folder.path)/b", tensors: safetensors(minimalTensors()))
        let bundle = try ModelBundle.read(from: "\(folder.path)/b")
        #expect((0..<3).map { bundle.items[$0] } == ["tea", "pot", "x"])
        #expect(bundle.parts.embeddings?.items.values == [1, 2, 3, 4, 5, 6])
        #expect(bundle.parts.popularity == [0, 0, 0])
        #expect(bundle.users.count == 0)
        #expect(bundle.catalog.count == 3)
        #expect(bundle.catalog.stocks == [-1, -1, -1])
        #expect(bundle.info.kind == "numpy")
    }

    @Test func `Optional tensors have their documented defaults`() throws {
        let folder = TemporaryFolder()
        let offsets = littleEndian([0, 1, 1, 1] as [Int64])
        try makeFolder(
            "\(folder.path)/b",
            tensors: safetensors(
                minimalTensors() + [
                    RawTensor(name: "user_ids.bytes", type: "U8", shape: [1], data: [65]),
                    RawTensor(
                        name: "user_ids.offsets", type: "I64", shape: [2],
                        data: littleEndian([0, 1] as [Int64])),
                    RawTensor(
                        name: "neighbors.similar.offsets", type: "I64", shape: [4], data: offsets),
                    RawTensor(
                        name: "neighbors.similar.items", type: "I32", shape: [1],
                        data: littleEndian([2] as [Int32])),
                    RawTensor(
                        name: "neighbors.similar.scores", type: "F32", shape: [1],
                        data: littleEndian([0.5] as [Float])),
                    RawTensor(
                        name: "histories.offsets", type: "I64", shape: [2],
                        data: littleEndian([0, 2] as [Int64])),
                    RawTensor(
                        name: "histories.items", type: "I32", shape: [2],
                        data: littleEndian([1, 0] as [Int32])),
                ]))
        let bundle = try ModelBundle.read(from: "\(folder.path)/b")
        #expect(
            bundle.parts.neighbors[.similar]
                == NeighborLists(
                    offsets: [0, 1, 1, 1], items: [2], scores: [0.5], lifts: [0], confidences: [0]))
        #expect(bundle.histories?.values == [1, 1])
    }
}
