/// What happens to the models of a server, for its log.
package enum ModelEvent: Sendable {
    /// It is in memory, checked and warmed up.
    case loaded(ModelRecord)
    /// It serves.
    case promoted(ModelRecord)
    /// It is no longer in memory.
    case freed(version: String, path: String)
    /// The server's own bundle is as it was when it was read last.
    case unchanged(path: String)
    /// What is at a path cannot be served; what served before serves on.
    case refused(path: String, ModelError)
    /// The file of slates cannot be written; after a restart, events are not tied to those of this life.
    case slatesNotWritten(path: String)
}
