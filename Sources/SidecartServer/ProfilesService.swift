internal import CSidecartProto
internal import CrossSell
internal import ModelParts
internal import RPC

/// `sidecart.v1.Profiles` for one lane and one model: what it knows of a shopper and of an item.
final class ProfilesService {
    private let engine: Engine

    init(engine: Engine) { self.engine = engine }

    static func register(in router: Router, _ lane: ServingLane) {
        let service = "sidecart.v1.Profiles"
        router.add(service, "User", role: .read) { call throws(RPCError) in
            try lane.services.profiles.user(call)
        }
        router.add(service, "Item", role: .read) { call throws(RPCError) in
            try lane.services.profiles.item(call)
        }
    }

    private func user(_ call: Call) throws(RPCError) {
        let request = try call.decode(sidecart__v1__user_profile_request__init)
        let id = try FieldCheck.id(request.pointee.user_id, "user_id")
        let k = try FieldCheck.k(request.pointee.k, max: engine.limits.slateItems)
        guard let profile = engine.profile(ofUser: id) else {
            throw RPCError(.notFound, "user_id \(String(decoding: id, as: UTF8.self)) is not known")
        }
        let items = engine.generation.items
        var response = Sidecart__V1__UserProfile()
        sidecart__v1__user_profile__init(&response)
        response.user_id = id.binaryData
        response.model_version = engine.generation.versionBytes.binaryData
        response.items = UInt32(profile.items.count)
        response.baskets = UInt32(profile.baskets)
        response.basket_items = profile.basketItems
        response.age_days = profile.ageDays
        response.interval_days = profile.intervalDays
        response.spend = profile.spend(items)
        response.price_low = profile.priceQuantile(0.25, items)
        response.price_median = profile.priceQuantile(0.5, items)
        response.price_high = profile.priceQuantile(0.75, items)
        let categories = profile.categories(items).prefix(k)
        response.n_categories = categories.count
        response.categories = try call.arena.messages(categories.count)
        for (place, category) in categories.enumerated() {
            let entry = try call.arena.message(
                Sidecart__V1__CategoryShare.self, sidecart__v1__category_share__init)
            entry.pointee.category = category.path.binaryData
            entry.pointee.share = category.share
            response.categories[place] = entry
        }
        response.own = try call.arena.messages(min(k, profile.items.count))
        for own in profile.items.prefix(k) {
            guard let id = items.id(of: own.ordinal) else { continue }
            let entry = try call.arena.message(
                Sidecart__V1__OwnItem.self, sidecart__v1__own_item__init)
            entry.pointee.item_id = id.binaryData
            entry.pointee.title = items.shown(own.ordinal).title.binaryData
            entry.pointee.times = UInt32(own.times)
            entry.pointee.interval_days = own.intervalDays
            entry.pointee.age_days = own.ageDays
            entry.pointee.due = own.isDue ? 1 : 0
            response.own[response.n_own] = entry
            response.n_own += 1
        }
        try call.reply(&response)
    }

    private func item(_ call: Call) throws(RPCError) {
        let request = try call.decode(sidecart__v1__item_profile_request__init)
        let id = try FieldCheck.id(request.pointee.item_id, "item_id")
        guard let profile = engine.profile(ofItem: id) else {
            throw RPCError(.notFound, "item_id \(String(decoding: id, as: UTF8.self)) is not known")
        }
        let shown = engine.generation.items.shown(profile.ordinal)
        var response = Sidecart__V1__ItemProfile()
        sidecart__v1__item_profile__init(&response)
        response.item_id = id.binaryData
        response.model_version = engine.generation.versionBytes.binaryData
        response.title = shown.title.binaryData
        response.category = shown.category.binaryData
        response.price = shown.price
        response.stock = profile.stock
        response.taken = profile.taken
        response.share = profile.share
        response.rank = UInt32(profile.rank)
        response.week_rate = profile.weekRate
        response.month_rate = profile.monthRate
        response.repeat_rate = profile.repeatRate
        response.repeat_interval_days = profile.repeatInterval
        response.repeat_spread_days = profile.repeatSpread
        response.n_relations = profile.relations.count
        response.relations = try call.arena.messages(profile.relations.count)
        for (place, counted) in profile.relations.enumerated() {
            let entry = try call.arena.message(
                Sidecart__V1__RelationCount.self, sidecart__v1__relation_count__init)
            entry.pointee.relation = counted.relation.message
            entry.pointee.items = UInt32(counted.items)
            response.relations[place] = entry
        }
        try call.reply(&response)
    }
}
