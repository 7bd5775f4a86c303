import ArgumentParser
import SidecartClient

/// The rules of a slate as options.
struct RuleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Rules that the server keeps under this name; see serve --rules.", valueName: "name"))
    var ruleSet = ""

    @Option(
        help: ArgumentHelp(
            "Items never to return, such as 22423,85123A. May be given more than once.",
            valueName: "id,…"))
    var exclude: [String] = []

    @Option(
        help: ArgumentHelp(
            "The only items to return. May be given more than once.", valueName: "id,…"))
    var allow: [String] = []

    @Flag(help: "Also return items that the shopper bought before.")
    var includePurchased = false

    @Flag(help: "Also return items bought before that she is due to buy again.")
    var includeDue = false

    @Flag(help: "Also return items that are out of stock.")
    var includeOutOfStock = false

    @Option(help: ArgumentHelp("The least price of an item.", valueName: "price"))
    var priceMin: Float = 0

    @Option(help: ArgumentHelp("The largest price of an item.", valueName: "price"))
    var priceMax: Float = 0

    @Option(
        help: ArgumentHelp("What item and basket may cost together.", valueName: "price"))
    var basketBudget: Float = 0

    @Option(
        help: ArgumentHelp(
            "Only items of this category or below it, such as 'Kitchen > Tea'. May be given more than once.",
            valueName: "path"))
    var category: [String] = []

    @Option(
        help: ArgumentHelp(
            "No items of this category or below it. May be given more than once.",
            valueName: "path"))
    var excludeCategory: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only items that at least so many baskets held in the training data.", valueName: "n"))
    var supportMin = 0

    @Flag(help: "Leave out what is bought instead of a basket item.")
    var leaveOutSubstitutes = false

    @Option(
        help: ArgumentHelp(
            "How many items of one category to return at most; 0 sets no limit.", valueName: "n"))
    var perCategoryMax = 0

    @Option(
        help: ArgumentHelp(
            "How many steps of a category's path count for --per-category-max; 0 counts all.",
            valueName: "n"))
    var categoryLevel = 0

    @Option(
        help: ArgumentHelp(
            "How many items may owe their place to the same basket item at most; 0 sets no limit.",
            valueName: "n"))
    var perBasketItemMax = 0

    @Option(
        help: ArgumentHelp(
            "Multiply an item's score, such as 22423=2; below 1 buries it. May be given more than once.",
            valueName: "id=factor"))
    var boost: [Factor] = []

    @Option(
        help: ArgumentHelp(
            "The same for a category and all below it, such as 'Kitchen > Tea=1.5'.",
            valueName: "path=factor"))
    var boostCategory: [Factor] = []

    @Option(
        help: ArgumentHelp(
            "How much it counts against an item that others on the slate are like it, 0 to below 1.",
            valueName: "share"))
    var diversity: Float = 0

    @Option(
        help: ArgumentHelp(
            "How much it counts what the shop earns on an item, 0 to 1; needs margins in the catalog.",
            valueName: "weight"))
    var marginWeight: Float = 0

    @Option(
        help: ArgumentHelp(
            "How many items that nobody took yet to return at most; 0 for one in ten.",
            valueName: "n"))
    var newItemsMax = 0

    @Flag(help: "Leave out items that nobody took yet.")
    var leaveOutNewItems = false

    /// A name and what its score is multiplied by, `name=factor`.
    struct Factor: ExpressibleByArgument {
        var name: String
        var factor: Float

        init?(argument: String) {
            guard let equals = argument.lastIndex(of: "="), equals > argument.startIndex,
                let factor = Float(argument[argument.index(after: equals)...])
            else { return nil }
            (name, self.factor) = (String(argument[..<equals]), factor)
        }
    }

    func validate() throws {
        for (name, price) in [
            ("price-min", priceMin), ("price-max", priceMax), ("basket-budget", basketBudget),
        ] where !(price >= 0 && price.isFinite) {
            throw ValidationError("--\(name) is \(price); it must be 0 or more")
        }
        for (name, count) in [
            ("support-min", supportMin), ("per-category-max", perCategoryMax),
            ("category-level", categoryLevel), ("new-items-max", newItemsMax),
            ("per-basket-item-max", perBasketItemMax),
        ] where count < 0 {
            throw ValidationError("--\(name) is \(count); it must be 0 or more")
        }
    }

    func fill(_ options: inout SlateOptions) {
        options.ruleSet = ruleSet
        options.excluding = exclude.splitIDs
        options.allowing = allow.splitIDs
        options.includesPurchased = includePurchased
        options.includesDue = includeDue
        options.includesOutOfStock = includeOutOfStock
        (options.priceMin, options.priceMax) = (priceMin, priceMax)
        options.basketBudget = basketBudget
        options.categories = category
        options.excludingCategories = excludeCategory
        options.supportMin = supportMin
        options.leavesOutSubstitutes = leaveOutSubstitutes
        options.perCategoryMax = perCategoryMax
        options.categoryLevel = categoryLevel
        options.perBasketItemMax = perBasketItemMax
        options.boosts =
            boost.map { Boost(.item($0.name), by: $0.factor) }
            + boostCategory.map { Boost(.category($0.name), by: $0.factor) }
        options.diversity = diversity
        options.marginWeight = marginWeight
        options.newItemsMax = newItemsMax
        options.leavesOutNewItems = leaveOutNewItems
    }
}
