import SidecartClient

let path = CommandLine.arguments[1]
let basket = Context(basket: [CommandLine.arguments[2]])

let client = SidecartClient(socketPath: path)
let slate = try await client.recommend(for: basket, SlateOptions(count: 3))
client.close()

let connection = BlockingConnection(socketPath: path)
let again = try connection.recommend(for: basket, SlateOptions(count: 3))
connection.close()

guard !slate.items.isEmpty, slate == again else { fatalError("two clients, two answers") }
for item in slate.items { print(item.itemID, item.score, item.title) }
