import Bundles
import Foundation
import Testing

/// `SIDECART_PYTHON` names an interpreter, such as that of a virtual environment.
private let python = ProcessInfo.processInfo.environment["SIDECART_PYTHON"] ?? "python3"

private func run(_ script: String, _ arguments: String...) -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, "-c", script] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return (127, "") }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

@Suite(
    .enabled(
        if: run("import numpy, safetensors.numpy").status == 0,
        "needs Python with numpy and safetensors; SIDECART_PYTHON may name it"))
struct PythonTests {
    @Test func `Python reads what we write`() throws {
        let folder = try TemporaryFolder()
        try fullBundle().write(to: "\(folder.path)/b")
        let (status, output) = run(
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

    @Test func `Ten lines of NumPy write a bundle`() throws {
        let folder = try TemporaryFolder()
        let (status, _) = run(
            """
            import sys, os, json, hashlib, numpy as np
            from safetensors.numpy import save
            ids = [i.encode() for i in ["tea", "cup", "grüner-tee"]]
            data = save({"item_ids.bytes": np.frombuffer(b"".join(ids), np.uint8),
                         "item_ids.offsets": np.cumsum([0] + [len(i) for i in ids]),
                         "item_embeddings": np.arange(6, dtype=np.float32).reshape(3, 2)})
            os.mkdir(sys.argv[1])
            open(sys.argv[1] + "/tensors.safetensors", "wb").write(data)
            json.dump({"format": "sidecart-bundle", "format_version": 1, "version": "v1", "kind": "numpy",
                       "tensors_sha256": hashlib.sha256(data).hexdigest()}, open(sys.argv[1] + "/manifest.json", "w"))
            """, "\(folder.path)/b")
        #expect(status == 0)
        let bundle = try ModelBundle.read(from: "\(folder.path)/b")
        #expect((0..<3).map { bundle.items[$0] } == ["tea", "cup", "grüner-tee"])
        #expect(bundle.parts.embeddings?.items.values == [0, 1, 2, 3, 4, 5])
    }
}
