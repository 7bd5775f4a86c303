import Foundation
import TestFolders

/// Commands in a mount namespace of their own, where a folder is another file system: what only root may
/// do elsewhere, a user may do in a namespace of her own, if the kernel lets her make one.
enum Namespace {
    /// What goes in front of a command so that `folder` is small, or cannot be written, for it and its
    /// children. The first argument after it is the command.
    static func small(_ folder: String, mebibytes: Int) -> [String] {
        wrapper("mount -t tmpfs -o size=\(mebibytes)m none \"$0\"", folder)
    }

    static func readOnly(_ folder: String) -> [String] {
        wrapper("mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\"", folder)
    }

    private static func wrapper(_ mounts: String, _ folder: String) -> [String] {
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mounts + " && exec \"$@\"", folder]
    }

    /// Whether there can be any here. Where not, it is said.
    static let isPossible: Bool = {
        let folder = TemporaryFolder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = small(folder.path, mebibytes: 1) + ["true"]
        process.standardError = FileHandle.nullDevice
        let works = (try? process.run()).map { process.waitUntilExit() } != nil
        guard works, process.terminationStatus == 0 else {
            print(
                "no mount namespace can be made here: the tests of full and read-only disks are left out"
            )
            return false
        }
        return true
    }()
}
