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
                        "seconds": .stringConvertible((model.loadSeconds * 1000).rounded() / 1000),
                    ]))
        case .promoted(let model):
            ServiceManager.notify("STATUS=serving \(model.words)")
            info("promoted", fields(model))
        case .freed(let model): info("freed", fields(model))
        case .unchanged(let path):
            info("the bundle is the one that serves already", ["bundle": "\(path)"])
        case .refused(let path, let error):
            self.error(
                "the bundle is refused; serving on with the model from before",
                ["bundle": "\(path)", "reason": "\(error)"])
        }
    }

    private func fields(_ model: ModelSummary, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        more.merging([
            "bundle": "\(model.path)", "model": "\(model.kind)", "version": "\(model.version)",
        ]) { $1 }
    }
}

extension ModelSummary {
    /// Such as `ials 2024-05-01a`.
    var words: String { "\(kind) \(version)" }
}
