import Logging
import SidecartServer

extension ServerLog {
    func note(_ event: ModelEvent) {
        switch event {
        case .loaded(let model):
            info(
                "loaded",
                fields(
                    model,
                    [
                        "items": .stringConvertible(model.items),
                        "users": .stringConvertible(model.users),
                        "dimensions": .stringConvertible(model.dimensions),
                        "seconds": .stringConvertible(Double(model.loadMilliseconds) / 1000),
                    ]))
        case .promoted(let model):
            ServiceManager.notify("STATUS=serving \(model.words)")
            info("promoted", fields(model))
        case .freed(let version, let path):
            info("freed", ["bundle": "\(path)", "version": "\(version)"])
        case .unchanged(let path):
            info("the bundle has not changed", ["bundle": "\(path)"])
        case .refused(let path, let error):
            self.error(
                "the bundle is refused; serving on with the model from before",
                ["bundle": "\(path)", "reason": "\(error)"])
        case .slatesNotWritten(let path):
            self.warning(
                "what is shown cannot be written down; events are tied to it until the server ends",
                ["file": "\(path)"])
        }
    }

    private func fields(_ model: ModelRecord, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        more.merging([
            "bundle": "\(model.path)", "model": "\(model.kind)", "version": "\(model.version)",
        ]) { $1 }
    }
}

extension ModelRecord {
    /// Such as `ials 2024-05-01a`.
    var words: String { "\(kind) \(version)" }
}
