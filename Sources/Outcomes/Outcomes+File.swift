/// The file for the next life.
extension Outcomes {
    /// Takes in what earlier lives wrote, and goes on writing; to be called once no other server does.
    ///
    /// - Returns: false where it cannot be written.
    package func openFile() -> Bool {
        guard let path else { return true }
        var file = SlateFile(path, bytesMax: bytesMax / 2)
        let earlier = readEarlier(&file)
        let isOpen = file.begin()
        state.withLock { state in
            state.earlier = earlier
            if isOpen { state.file = file } else { stopWriting(&state) }
        }
        return isOpen && writeFile()
    }

    private func readEarlier(_ file: inout SlateFile) -> EarlierSlates {
        var earlier = EarlierSlates()
        /// From the numbers of the life that wrote to those of this one.
        var ruleSets: [Int: Int] = [:]
        file.read { words in
            SlateFile.forEachEntry(of: words) { entry, number, rest in
                let first = rest[rest.startIndex]
                switch entry {
                case .life:
                    ruleSets = [:]
                    // Hashes under another seed say nothing.
                    return first == seed
                case .ruleSet:
                    ruleSets[number] = self.number(ofRuleSet: SlateFile.text(rest))
                case .slate:
                    var head = SlateHead(word: rest[rest.startIndex + 1])
                    guard head.items == number, 1...tiers.count ~= head.tier else { return false }
                    if head.ruleSet > 0 { head.ruleSet = ruleSets[head.ruleSet] ?? 0 }
                    earlier.add(first, head, rest.dropFirst(2))
                case .mark:
                    _ = earlier.mark(
                        SlatePlace(word: first), number, with: rest[rest.startIndex + 1])
                }
                return true
            }
        }
        return earlier
    }

    /// Counts, and writes what came since the last time.
    ///
    /// - Returns: false where it cannot be written, from when on nothing is.
    package func writeFile() -> Bool {
        state.withLock { state in
            count(&state)
            guard state.file != nil else { return true }
            let isWritten = write(&state)
            if !isWritten { stopWriting(&state) }
            return isWritten
        }
    }

    private func write(_ state: inout State) -> Bool {
        if state.file!.isFull(with: state.unwritten.count) {
            guard state.file!.turn() else { return false }
            state.ruleSetsWritten = 0
        }
        var words: [UInt64] = []
        if state.ruleSetsWritten == 0 {
            words += SlateFile.life(seed, nextLane: nextLane)
            state.ruleSetsWritten = 1
        }
        while state.ruleSetsWritten < state.ruleSets.count {
            words += SlateFile.ruleSet(
                state.ruleSetsWritten, state.ruleSets[state.ruleSetsWritten])
            state.ruleSetsWritten += 1
        }
        words += state.unwritten
        state.unwritten.removeAll(keepingCapacity: state.unwritten.count < 1 << 16)
        return words.isEmpty || state.file!.append(words)
    }

    private func stopWriting(_ state: inout State) {
        state.file?.close()
        (state.file, state.isWritten, state.unwritten) = (nil, false, [])
    }
}
