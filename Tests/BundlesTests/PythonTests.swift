import Bundles
import Foundation
import TestFolders
import TestPeers
import Testing

private func python(_ script: String, _ arguments: String...) -> (status: Int32, output: String) {
    Python.run(["-c", script] + arguments, withErrors: false)
}

@Suite(
    .enabled(
        if: python("import numpy, safetensors.numpy").status == 0,
        "needs Python with numpy and safetensors; SIDECART_PYTHON may name it"))
struct PythonTests {
    @Test func `Python reads what we write`() throws {
        let folder = TemporaryFolder()
        try fullBundle().write(to: "\(folder.path)/b")
        let (status, output) = python(
            """
            import sys, json
            from safetensors.numpy import load_file
            t = load_file(sys.argv[1] + "/tensors.safetensors")
            m = json.load(open(sys.argv[1] + "/manifest.json"))
            o = t["item_ids.offsets"]
            ids = [bytes(t["item_ids.bytes"][a:b]).decode() for a, b in zip(o, o[1:])]
            print(ids, t["item_embeddings"].shape, t["user_embeddings"].tolist(), t["histories.items"].tolist(),
                  t["catalog.stocks"].dtype, m["kind"], m["seed"])
            """, "\(folder.path)/b")
        #expect(status == 0)
        #expect(
            output == """
                ['tea', 'cup', 'grüner-tee', 'x'] (4, 2) [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]] \
                [2, 0, 2, 3, 1, 0] int32 ials 18446744073709551615

                """)
    }

    @Test func `The README's writer writes a bundle that can be served`() throws {
        let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../README.md")
        let blocks = try String(contentsOf: readme, encoding: .utf8).split(separator: "```python\n")
        let block = try #require(blocks.first { $0.contains("hashlib") })
        let script = try #require(block.split(separator: "\n```").first)
        let folder = TemporaryFolder()
        let (status, _) = python("import os, sys; os.chdir(sys.argv[1])\n" + script, folder.path)
        try #require(status == 0)
        let bundle = try ModelBundle.read(from: "\(folder.path)/shop")
        #expect((0..<3).map { bundle.items[$0] } == ["teapot", "tea", "cup"])
        #expect(bundle.catalog.titles == ["Teapot, 1 l", "Grüner Tee", ""])
        #expect(bundle.parts.popularity == [3, 9, 5])
        let vectors = try #require(bundle.parts.embeddings?.items)
        #expect(vectors.rows == 3 && vectors.columns == 2)
        let weights = try #require(bundle.parts.itemWeights)
        #expect(weights.offsets == [0, 2, 3, 3] && weights.items == [1, 2, 0])
        #expect(weights.scores == [0.5, 0.25, 0.5])
    }
}
