internal import Glibc

/// Settings of the whole process that a socket server needs.
package enum ProcessSettings {
    /// Makes a write to a closed socket an error instead of the end of the process.
    package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Raises the soft limit of open files towards `wanted`, as far as the hard limit allows.
    ///
    /// - Returns: the soft limit now in force; the largest number where none is known.
    package static func raiseOpenFilesMax(to wanted: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return .max
        }
        if limit.rlim_cur < rlim_t(wanted) {
            let before = limit.rlim_cur
            limit.rlim_cur = min(rlim_t(wanted), limit.rlim_max)
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
                limit.rlim_cur = before
            }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
