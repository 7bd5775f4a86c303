import SidecartClient

let path = CommandLine.arguments[1]
let basket = Context(basket: [CommandLine.arguments[2]])

let client = SidecartClient(socketPath: path)
let slate = try await client.recommend(for: basket, SlateOptions(count: 3))
client.close()

let connection = BlockingConnection(socketPath: path)
let again = try connection.recommend(for: basket, SlateOptions(count: 3))
connection.close()

// Each slate has an id of its own.
guard !slate.items.isEmpty, slate.items == again.items else {
    fatalError("two clients, two answers")
}
for item in slate.items { print(item.itemID, item.score, item.title) }
