internal import Glibc
internal import Metrics

/// What the kernel says of this life.
enum ProcessUsage {
    /// User and system time since the start.
    static var cpuMicroseconds: UInt64 {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func microseconds(_ time: timeval) -> Int { time.tv_sec * 1_000_000 + Int(time.tv_usec) }
        return UInt64(microseconds(usage.ru_utime) + microseconds(usage.ru_stime))
    }

    /// Pages in memory now; 0 where the kernel does not say.
    static var residentBytes: UInt64 {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 128)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return 0 }
        let text = String(decoding: buffer.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = UInt64(fields[1]) else { return 0 }
        return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Descriptors open now; nil where the kernel does not say.
    static var openFiles: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var entries = 0
        while readdir(folder) != nil { entries += 1 }
        // Two of them are the folder and its parent, and one is the descriptor just opened.
        return entries - 3
    }

    /// Descriptors that may be open; nil where there is no limit.
    static var openFilesMax: Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
            limit.rlim_cur != rlim_t.max
        else { return nil }
        return Int(limit.rlim_cur)
    }

    /// Under the server's own prefix: a text file of them is merged with those of node_exporter, whose
    /// own process has the names without it.
    static func add(to writer: inout MetricsWriter) {
        writer.add(
            "sidecart_process_cpu_seconds", .counter,
            "Processor time of the process, user and system.",
            value: Double(cpuMicroseconds) / 1e6)
        writer.add(
            "sidecart_process_resident_memory_bytes", .gauge, "Memory of the process.",
            value: residentBytes)
        writer.add("sidecart_process_open_fds", .gauge, "File descriptors open now.") {
            if let openFiles { $0.add(openFiles) }
        }
        writer.add("sidecart_process_max_fds", .gauge, "Most file descriptors that may be open.") {
            if let openFilesMax { $0.add(openFilesMax) }
        }
    }
}
