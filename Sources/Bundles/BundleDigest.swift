/// The SHA-256 of a bundle's manifest, in hexadecimal. The manifest holds that of the tensors, so two
/// bundles with one digest are the same.
package struct BundleDigest: Equatable, Sendable {
    package let text: String

    init(ofManifest bytes: [UInt8]) {
        let hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        text = hash.finish()
    }

    /// Of the bundle that a folder holds now; reads nothing but the manifest, and does not check it.
    ///
    /// - Throws: ``BundleError`` where there is no manifest that can be read.
    package init(at path: String) throws(BundleError) {
        let file = try OpenFile(reading: BundleFormat.manifestName, in: OpenFolder(path))
        self.init(ofManifest: try file.readAll(bytesMax: BundleFormat.manifestBytesMax))
    }
}
