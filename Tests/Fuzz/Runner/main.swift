import CFuzzer
import FuzzTargets
import Glibc

// fuzz TARGET [libFuzzer's options and folders], built by `make fuzz`;
// fuzz list; fuzz seeds TARGET FOLDER writes what a target starts from.

func fail(_ message: String) -> Never {
    let line = Array("fuzz: \(message)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(64)
}

let arguments = CommandLine.arguments
guard arguments.count >= 2 else { fail("no target; 'fuzz list' names them") }
if arguments[1] == "list" {
    for target in FuzzTarget.all { print(target.name) }
    exit(0)
}
let name = arguments[1] == "seeds" && arguments.count == 4 ? arguments[2] : arguments[1]
guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
    fail("there is no target '\(name)'; 'fuzz list' names them")
}
if arguments[1] == "seeds" {
    for (number, seed) in target.seeds.enumerated() {
        guard let file = fopen("\(arguments[3])/seed-\(number)", "w") else {
            fail("\(arguments[3]): \(String(cString: strerror(errno)))")
        }
        fwrite(seed, 1, seed.count, file)
        fclose(file)
    }
    exit(0)
}
nonisolated(unsafe) var chosen = target
var pointers = ([arguments[0]] + arguments[2...]).map { strdup($0) } + [nil]
let status = pointers.withUnsafeMutableBufferPointer {
    sc_fuzz(Int32($0.count - 1), $0.baseAddress) { bytes, count in
        chosen.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
    }
}
if status < 0 { fail("this build is without libFuzzer; make fuzz makes one with it") }
exit(status)
