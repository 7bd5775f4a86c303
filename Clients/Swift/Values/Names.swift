// Names for code that has types of its own called so: the module and its main class have one name, so
// Swift takes `SidecartClient.Context` for a member of the class.

/// The same as ``Context``.
public typealias SidecartContext = Context
/// The same as ``Relation``.
public typealias SidecartRelation = Relation
/// The same as ``Event``.
public typealias SidecartEvent = Event
/// The same as ``Embedding``.
public typealias SidecartEmbedding = Embedding
/// The same as ``Outcomes``.
public typealias SidecartOutcomes = Outcomes
/// The same as ``Rule``.
public typealias SidecartRule = Rule
/// The same as ``Tier``.
public typealias SidecartTier = Tier
