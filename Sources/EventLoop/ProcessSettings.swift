internal import CLibUV
internal import Glibc

/// Settings of the whole process that a socket server needs.
package enum ProcessSettings {
    /// Makes a write to a closed socket an error instead of the end of the process.
    package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Opens /dev/null for each of standard input, output and error that is closed. Otherwise the
    /// next file or socket would take its number, and get what is printed.
    package static func openStandardStreams() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is the one that is missing.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)
        }
    }

    /// Lets the calling thread get the signals that end a process, which whoever started it may have
    /// had blocked.
    package static func unblockSignals() {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, signal) }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Has blocks of 128 KiB or more go back to the system as soon as they are freed, rather than
    /// be kept for later: what one crowd of clients needed is not held for good.
    package static func returnFreedMemory() { sc_return_memory_from(128 << 10) }

    /// Gives the system what the allocator keeps of smaller blocks. May take milliseconds.
    package static func trimMemory() { sc_return_free_memory() }

    /// Has the calling thread run only when no other wants the processor, as far as the kernel's
    /// weights go, and read files when nobody else does.
    package static func lowerThreadPriority() { sc_lower_thread_priority() }

    /// Has the calling thread run promptly whenever it has something to do: for one whose turns are short.
    /// The kernel then prefers it to threads that run for longer at a time, as far as both get their share.
    package static func askForShortSlices() { sc_ask_for_slice(100_000) }

    /// Has the calling thread leave the processor to those that answer calls: it does not interrupt them
    /// when it wakes up, and gets a fifteenth of what one of them gets where there is not enough for all.
    /// With a third, calls that ran beside it waited three times as long.
    package static func giveWayToCalls() { sc_give_way(12) }

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
