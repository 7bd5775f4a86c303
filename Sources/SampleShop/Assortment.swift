/// A kind of product that a department sells, in several variants.
struct Family: Sendable {
    /// The ids' prefix, unique in the shop.
    let code: String
    /// Below the department.
    let category: String
    /// Words that come before the noun; one is chosen for each variant.
    let styles: [String]
    let noun: String
    /// What comes behind it, such as sizes; may be empty.
    let sizes: [String]
    /// What comes last, behind a comma; may be empty.
    let finishes: [String]
    let prices: ClosedRange<Double>
    /// Bought again and again.
    var isConsumable = false
    /// Months, 1 to 12, in which it sells best; empty for all year round.
    var season: ClosedRange<Int>?
}

struct Department: Sendable {
    let name: String
    let families: [Family]
}

/// Families whose items are used together; one item of each makes a planted group.
struct Companions: Sendable {
    let name: String
    /// Codes of families, the one that draws the others first.
    let families: [String]
}

enum Assortment {
    static let companions: [Companions] = [
        Companions(name: "Tea time", families: ["teapot", "tea", "infuser"]),
        Companions(name: "Filter coffee", families: ["dripper", "coffee", "filter"]),
        Companions(name: "Espresso", families: ["mokapot", "espresso", "cup"]),
        Companions(name: "Pasta night", families: ["pasta", "sauce", "cheese"]),
        Companions(name: "Home baking", families: ["bakingtin", "flour", "yeast"]),
        Companions(name: "Printing", families: ["printer", "ink", "paper"]),
        Companions(name: "Camping weekend", families: ["tent", "sleepingbag", "mat"]),
        Companions(name: "Raised bed", families: ["planter", "soil", "seeds"]),
        Companions(name: "Bicycle repair", families: ["tube", "pump", "patch"]),
        Companions(name: "Wet shave", families: ["razor", "blades", "foam"]),
        Companions(name: "New puppy", families: ["dogbed", "dogfood", "dogtoy"]),
        Companions(name: "Painting a room", families: ["paint", "roller", "tape"]),
        Companions(name: "Birthday", families: ["candles", "balloons", "giftwrap"]),
        Companions(name: "Watercolors", families: ["watercolor", "brush", "sketchbook"]),
        Companions(name: "Video games", families: ["console", "controller", "headset"]),
    ]

    private static let colors = ["blue", "cream", "charcoal", "sage green", "terracotta", "white"]

    static let departments: [Department] = [
        Department(
            name: "Kitchen",
            families: [
                Family(
                    code: "teapot", category: "Tea", styles: ["Cast iron", "Glass", "Stoneware"],
                    noun: "teapot", sizes: ["0.6 l", "0.8 l", "1.2 l"], finishes: colors,
                    prices: 18...65),
                Family(
                    code: "infuser", category: "Tea",
                    styles: ["Fine mesh", "Long-handled", "Silicone leaf"], noun: "tea infuser",
                    sizes: ["5 cm", "7 cm"], finishes: ["steel", "brass", "black"], prices: 4...14),
                Family(
                    code: "dripper", category: "Coffee", styles: ["Ceramic", "Glass", "Copper"],
                    noun: "pour-over dripper", sizes: ["size 1", "size 2", "size 4"],
                    finishes: ["white", "black", "red"], prices: 12...48),
                Family(
                    code: "mokapot", category: "Coffee", styles: ["Aluminium", "Stainless steel"],
                    noun: "moka pot", sizes: ["3 cups", "6 cups", "9 cups"],
                    finishes: ["silver", "black", "red"], prices: 19...55),
                Family(
                    code: "cup", category: "Tableware",
                    styles: ["Hand-glazed", "Double-walled", "Bone china"], noun: "cup",
                    sizes: ["80 ml", "200 ml", "350 ml"], finishes: colors, prices: 5...18),
                Family(
                    code: "bakingtin", category: "Baking",
                    styles: ["Non-stick", "Carbon steel", "Springform"], noun: "baking tin",
                    sizes: ["20 cm", "24 cm", "28 cm"], finishes: ["gray", "black"],
                    prices: 9...28, season: 10...12),
                Family(
                    code: "pan", category: "Cookware",
                    styles: ["Cast iron", "Copper base", "Ceramic coated"], noun: "frying pan",
                    sizes: ["20 cm", "24 cm", "28 cm"], finishes: [], prices: 22...95),
            ]),
        Department(
            name: "Tea and coffee",
            families: [
                Family(
                    code: "tea", category: "Loose tea",
                    styles: ["Darjeeling", "Assam", "Earl Gray", "Sencha", "Jasmine", "Rooibos"],
                    noun: "loose leaf tea", sizes: ["100 g", "250 g"],
                    finishes: ["first flush", "organic", "tin"], prices: 5...19,
                    isConsumable: true),
                Family(
                    code: "teabags", category: "Tea bags",
                    styles: ["English Breakfast", "Peppermint", "Camomile", "Fennel"],
                    noun: "tea bags", sizes: ["20 pieces", "80 pieces"],
                    finishes: ["organic", "unbleached"], prices: 2...7, isConsumable: true),
                Family(
                    code: "coffee", category: "Filter coffee",
                    styles: ["Ethiopia Sidamo", "Colombia Huila", "Kenya Nyeri", "House blend"],
                    noun: "filter roast", sizes: ["250 g", "500 g", "1 kg"],
                    finishes: ["whole bean", "ground"], prices: 7...29, isConsumable: true),
                Family(
                    code: "espresso", category: "Espresso",
                    styles: ["Napoli", "Milano", "Brazil Santos", "Decaf"],
                    noun: "espresso roast", sizes: ["250 g", "500 g", "1 kg"],
                    finishes: ["whole bean", "ground"], prices: 7...31, isConsumable: true),
                Family(
                    code: "filter", category: "Accessories",
                    styles: ["Unbleached", "White", "Bamboo"], noun: "coffee filters",
                    sizes: ["size 1", "size 2", "size 4"],
                    finishes: ["40 pieces", "100 pieces"], prices: 2...6, isConsumable: true),
            ]),
        Department(
            name: "Groceries",
            families: [
                Family(
                    code: "pasta", category: "Pasta and rice",
                    styles: ["Bronze-cut", "Wholemeal", "Egg", "Gluten-free"], noun: "pasta",
                    sizes: ["500 g", "1 kg"],
                    finishes: ["spaghetti", "penne", "fusilli", "tagliatelle"], prices: 1.2...5,
                    isConsumable: true),
                Family(
                    code: "sauce", category: "Sauces",
                    styles: ["Basil", "Arrabbiata", "Porcini", "Roasted pepper", "Olive"],
                    noun: "tomato sauce", sizes: ["350 g", "680 g"],
                    finishes: ["organic", "family jar"], prices: 1.8...6, isConsumable: true),
                Family(
                    code: "cheese", category: "Cheese",
                    styles: ["Parmesan", "Pecorino", "Grana Padano"], noun: "cheese",
                    sizes: ["150 g", "300 g"], finishes: ["piece", "grated"], prices: 3...12,
                    isConsumable: true),
                Family(
                    code: "oil", category: "Oil and vinegar",
                    styles: ["Cold-pressed", "Lemon", "Sicilian"], noun: "olive oil",
                    sizes: ["250 ml", "500 ml", "1 l"], finishes: ["bottle", "tin"],
                    prices: 5...22, isConsumable: true),
                Family(
                    code: "flour", category: "Baking",
                    styles: ["Strong white", "Wholemeal", "Spelt", "Rye"], noun: "flour",
                    sizes: ["1 kg", "2.5 kg"], finishes: ["organic", "stone-ground"],
                    prices: 1...6, isConsumable: true),
                Family(
                    code: "yeast", category: "Baking",
                    styles: ["Dried", "Quick-rise", "Sourdough"], noun: "yeast",
                    sizes: ["7 g", "42 g", "125 g"], finishes: ["organic", "3 sachets"],
                    prices: 0.6...4, isConsumable: true),
            ]),
        Department(
            name: "Office",
            families: [
                Family(
                    code: "printer", category: "Printers", styles: ["Compact", "Duplex", "Photo"],
                    noun: "inkjet printer", sizes: ["A4", "A3"],
                    finishes: ["white", "black", "with scanner"], prices: 69...289),
                Family(
                    code: "ink", category: "Printer supplies",
                    styles: ["Black", "Cyan", "Magenta", "Yellow", "Tri-color"],
                    noun: "ink cartridge", sizes: ["8 ml", "15 ml"],
                    finishes: ["single", "twin pack"], prices: 9...42, isConsumable: true),
                Family(
                    code: "paper", category: "Printer supplies",
                    styles: ["Recycled", "Bright white", "Glossy photo"], noun: "printer paper",
                    sizes: ["80 g/m2", "120 g/m2", "200 g/m2"],
                    finishes: ["100 sheets", "500 sheets"], prices: 4...24, isConsumable: true),
                Family(
                    code: "notebook", category: "Stationery",
                    styles: ["Dotted", "Ruled", "Squared"], noun: "notebook",
                    sizes: ["A5", "A4"], finishes: colors, prices: 4...19, season: 8...9),
                Family(
                    code: "pen", category: "Stationery", styles: ["Gel", "Fountain", "Fineliner"],
                    noun: "pen", sizes: ["0.4 mm", "0.7 mm"],
                    finishes: ["black", "blue", "green"], prices: 2...35, season: 8...9),
            ]),
        Department(
            name: "Camping",
            families: [
                Family(
                    code: "tent", category: "Tents", styles: ["Dome", "Tunnel", "Ultralight"],
                    noun: "tent", sizes: ["2 persons", "3 persons", "4 persons"],
                    finishes: ["green", "sand"], prices: 79...399, season: 5...8),
                Family(
                    code: "sleepingbag", category: "Sleeping",
                    styles: ["Summer", "Three-season", "Down"], noun: "sleeping bag",
                    sizes: ["190 cm", "210 cm"], finishes: ["left zip", "right zip"],
                    prices: 35...249, season: 5...8),
                Family(
                    code: "mat", category: "Sleeping",
                    styles: ["Self-inflating", "Foam", "Insulated"], noun: "sleeping mat",
                    sizes: ["3 cm", "5 cm", "8 cm"], finishes: ["olive", "petrol"],
                    prices: 15...119, season: 5...8),
                Family(
                    code: "stove", category: "Camp kitchen", styles: ["Gas", "Alcohol", "Folding"],
                    noun: "camping stove", sizes: ["1 burner", "2 burners"],
                    finishes: ["with windshield", "compact"], prices: 22...99, season: 5...8),
                Family(
                    code: "lantern", category: "Light",
                    styles: ["Rechargeable", "Solar", "Storm"], noun: "camping lantern",
                    sizes: ["150 lm", "400 lm"], finishes: ["red", "gray"], prices: 12...49),
            ]),
        Department(
            name: "Garden",
            families: [
                Family(
                    code: "planter", category: "Pots and beds",
                    styles: ["Cedar", "Corten steel", "Recycled plastic"], noun: "raised planter",
                    sizes: ["60 cm", "90 cm", "120 cm"], finishes: ["natural", "anthracite"],
                    prices: 29...149, season: 3...6),
                Family(
                    code: "soil", category: "Soil and feed",
                    styles: ["Peat-free", "Herb", "Vegetable"], noun: "potting soil",
                    sizes: ["10 l", "20 l", "40 l"], finishes: ["organic", "coconut"],
                    prices: 4...16, isConsumable: true, season: 3...6),
                Family(
                    code: "seeds", category: "Seeds",
                    styles: ["Cherry tomato", "Rocket", "Basil", "Radish", "Sweet pea"],
                    noun: "seeds", sizes: ["1 sachet", "3 sachets"],
                    finishes: ["organic", "heirloom"], prices: 1.5...8, isConsumable: true,
                    season: 2...5),
                Family(
                    code: "secateurs", category: "Tools",
                    styles: ["Bypass", "Anvil", "Forged"], noun: "secateurs",
                    sizes: ["18 cm", "22 cm"], finishes: ["red grip", "ash grip"],
                    prices: 12...55, season: 2...10),
                Family(
                    code: "wateringcan", category: "Watering",
                    styles: ["Galvanized", "Enamelled"], noun: "watering can",
                    sizes: ["1.5 l", "5 l", "10 l"], finishes: colors, prices: 11...39,
                    season: 4...8),
            ]),
        Department(
            name: "Cycling",
            families: [
                Family(
                    code: "tube", category: "Tyres and tubes",
                    styles: ["Butyl", "Light", "Puncture-resistant"], noun: "inner tube",
                    sizes: ["26 in", "28 in", "29 in"], finishes: ["Presta", "Schrader"],
                    prices: 4...13, isConsumable: true, season: 3...9),
                Family(
                    code: "pump", category: "Tools", styles: ["Mini", "Floor", "Frame"],
                    noun: "bicycle pump", sizes: ["8 bar", "11 bar"],
                    finishes: ["black", "silver"], prices: 12...59),
                Family(
                    code: "patch", category: "Tools",
                    styles: ["Self-adhesive", "Vulcanizing", "Tubeless"], noun: "repair kit",
                    sizes: ["6 patches", "12 patches"], finishes: ["tin", "pouch"],
                    prices: 3...12, isConsumable: true),
                Family(
                    code: "bikelight", category: "Lights", styles: ["Front", "Rear", "Helmet"],
                    noun: "bicycle light", sizes: ["30 lux", "80 lux"],
                    finishes: ["USB-C", "battery"], prices: 12...79, season: 9...12),
            ]),
        Department(
            name: "Bathroom",
            families: [
                Family(
                    code: "razor", category: "Shaving",
                    styles: ["Closed-comb", "Open-comb", "Adjustable"], noun: "safety razor",
                    sizes: ["85 mm", "95 mm"], finishes: ["chrome", "matt black", "brass"],
                    prices: 18...69),
                Family(
                    code: "blades", category: "Shaving", styles: ["Platinum", "Stainless", "Mild"],
                    noun: "razor blades", sizes: ["10 pieces", "50 pieces"],
                    finishes: ["box", "refill"], prices: 2...14, isConsumable: true),
                Family(
                    code: "foam", category: "Shaving",
                    styles: ["Sandalwood", "Sensitive", "Menthol"], noun: "shaving cream",
                    sizes: ["75 ml", "150 ml"], finishes: ["tube", "bowl"], prices: 4...16,
                    isConsumable: true),
                Family(
                    code: "soap", category: "Washing",
                    styles: ["Lavender", "Olive", "Almond", "Charcoal"], noun: "bar soap",
                    sizes: ["100 g", "200 g"], finishes: ["hand-cut", "gift box"],
                    prices: 3...9, isConsumable: true),
                Family(
                    code: "towel", category: "Textiles", styles: ["Waffle", "Terry", "Linen"],
                    noun: "towel", sizes: ["50 x 100 cm", "70 x 140 cm"], finishes: colors,
                    prices: 9...39),
            ]),
        Department(
            name: "Pets",
            families: [
                Family(
                    code: "dogbed", category: "Dogs",
                    styles: ["Orthopaedic", "Wicker", "Washable"], noun: "dog bed",
                    sizes: ["60 cm", "80 cm", "100 cm"], finishes: ["gray", "tartan"],
                    prices: 29...109),
                Family(
                    code: "dogfood", category: "Dogs",
                    styles: ["Chicken", "Salmon", "Lamb", "Grain-free"], noun: "dry dog food",
                    sizes: ["2 kg", "6 kg", "12 kg"], finishes: ["puppy", "adult"],
                    prices: 9...64, isConsumable: true),
                Family(
                    code: "dogtoy", category: "Dogs",
                    styles: ["Rope", "Rubber", "Squeaky"], noun: "dog toy",
                    sizes: ["small", "large"], finishes: ["bone", "ball", "duck"],
                    prices: 4...17),
                Family(
                    code: "catlitter", category: "Cats",
                    styles: ["Clumping", "Wood", "Silica"], noun: "cat litter",
                    sizes: ["5 l", "10 l", "20 l"], finishes: ["unscented", "fresh"],
                    prices: 5...22, isConsumable: true),
            ]),
        Department(
            name: "Home improvement",
            families: [
                Family(
                    code: "paint", category: "Paint",
                    styles: ["Matt", "Silk", "Kitchen and bath"], noun: "wall paint",
                    sizes: ["1 l", "2.5 l", "5 l"], finishes: ["white", "linen", "fog gray"],
                    prices: 14...69, season: 3...9),
                Family(
                    code: "roller", category: "Paint",
                    styles: ["Lambskin", "Microfibre", "Foam"], noun: "paint roller",
                    sizes: ["10 cm", "18 cm", "25 cm"], finishes: ["with tray", "refill"],
                    prices: 4...19, season: 3...9),
                Family(
                    code: "tape", category: "Paint",
                    styles: ["Precision", "Washi", "Outdoor"], noun: "masking tape",
                    sizes: ["25 mm", "38 mm", "50 mm"], finishes: ["25 m", "50 m"],
                    prices: 2...9, isConsumable: true, season: 3...9),
                Family(
                    code: "bulb", category: "Lighting", styles: ["Filament", "Opal", "Dimmable"],
                    noun: "LED bulb", sizes: ["E14", "E27"],
                    finishes: ["2700 K", "3000 K", "4000 K"], prices: 3...14, season: 9...12),
            ]),
        Department(
            name: "Party and crafts",
            families: [
                Family(
                    code: "candles", category: "Party",
                    styles: ["Striped", "Sparkling", "Number"], noun: "birthday candles",
                    sizes: ["12 pieces", "24 pieces"], finishes: ["rainbow", "gold", "pastel"],
                    prices: 2...7),
                Family(
                    code: "balloons", category: "Party",
                    styles: ["Latex", "Foil", "Confetti"], noun: "balloons",
                    sizes: ["10 pieces", "25 pieces"], finishes: ["rainbow", "gold", "pastel"],
                    prices: 3...12),
                Family(
                    code: "giftwrap", category: "Party",
                    styles: ["Kraft", "Botanical", "Starry"], noun: "gift wrap",
                    sizes: ["2 m", "5 m"], finishes: ["roll", "with ribbon"], prices: 2...9,
                    season: 11...12),
                Family(
                    code: "watercolor", category: "Art supplies",
                    styles: ["Student", "Artist", "Travel"], noun: "watercolor set",
                    sizes: ["12 pans", "24 pans", "48 pans"], finishes: ["tin", "wooden box"],
                    prices: 9...89),
                Family(
                    code: "brush", category: "Art supplies",
                    styles: ["Round", "Flat", "Mop"], noun: "paint brush",
                    sizes: ["no. 2", "no. 6", "no. 10"], finishes: ["sable", "synthetic"],
                    prices: 3...24),
                Family(
                    code: "sketchbook", category: "Art supplies",
                    styles: ["Cold-pressed", "Hot-pressed", "Spiral"], noun: "sketchbook",
                    sizes: ["A5", "A4", "A3"], finishes: ["20 sheets", "40 sheets"],
                    prices: 6...34),
            ]),
        Department(
            name: "Electronics",
            families: [
                Family(
                    code: "console", category: "Games",
                    styles: ["Handheld", "Retro", "Family"], noun: "game console",
                    sizes: ["64 GB", "256 GB"], finishes: ["white", "black"], prices: 89...449,
                    season: 11...12),
                Family(
                    code: "controller", category: "Games",
                    styles: ["Wireless", "Wired", "Arcade"], noun: "controller",
                    sizes: ["standard", "compact"], finishes: ["white", "black", "coral"],
                    prices: 24...79, season: 11...12),
                Family(
                    code: "headset", category: "Audio",
                    styles: ["Over-ear", "On-ear", "Gaming"], noun: "headset",
                    sizes: ["3.5 mm", "USB-C"], finishes: ["white", "black"], prices: 29...159),
                Family(
                    code: "battery", category: "Power",
                    styles: ["Alkaline", "Rechargeable", "Lithium"], noun: "batteries",
                    sizes: ["AA", "AAA", "C"], finishes: ["4 pieces", "12 pieces"],
                    prices: 4...24, isConsumable: true),
                Family(
                    code: "cable", category: "Power",
                    styles: ["Braided", "Flat", "Magnetic"], noun: "charging cable",
                    sizes: ["0.5 m", "1 m", "2 m"], finishes: ["white", "black"], prices: 6...29),
            ]),
    ]
}
