import Foundation
import Interactions
import TestFolders
import Testing

/// What reading says that it understood.
@Suite struct UnderstoodTests {
    @Test("Lines for people and an object for programs say how files were understood")
    func report() throws {
        let folder = TemporaryFolder()
        let (dataset, read) = try Dataset.read(
            events: [
                folder.write(
                    "events.csv",
                    "customer;sku;date;receipt;color\n a ;kettle;2024-01-02;1;red\nNA;mug;2024-01-03;1;red\n"
                        + "b;tea;2024-01-04;2;red\nb;tea;2024-01-05;3;red\n")
            ], catalog: folder.write("items.csv", "id,title\nkettle,Kettle\npot,Pot\n"),
            options: mapped("basket=date+receipt"))
        #expect(dataset.baskets.count == 4)
        let text = read.description
        for line in [
            "from 2024-01-02T00:00:00Z to 2024-01-05T00:00:00Z",
            "events.csv: csv, fields between \";\", UTF-8, times taken as iso-8601",
            "events.csv: columns taken as user=customer,item=sku,time=date,basket=date+receipt; "
                + "unused: color",
            "baskets: 4, by columns date+receipt joined",
            "catalog: 2 lines, of whose 2 items 1 (50 %) have events; 2 items with events are not in it",
            "taken for missing users: \"NA\" once", "1 ids lost blanks at their ends",
        ] {
            #expect(text.contains(line), "\(line) is not in:\n\(text)")
        }
        let json = try #require(
            JSONSerialization.jsonObject(with: JSONEncoder().encode(read)) as? [String: Any])
        let files = try #require(json["files"] as? [[String: Any]])
        #expect(files.count == 2)
        #expect(files[0]["content"] as? String == "events")
        #expect(files[0]["encoding"] as? String == "UTF-8")
        #expect(files[0]["timeFormat"] as? String == "iso-8601")
        #expect((files[0]["columns"] as? [String: String])?["item"] == "sku")
        #expect(files[0]["unused"] as? [String] == ["color"])
        #expect(files[1]["content"] as? String == "catalog")
        #expect(json["basketsMadeBy"] as? String == "columns date+receipt joined")
        #expect((json["identifiers"] as? [String: Int])?["trimmed"] == 1)
        #expect((json["missingValues"] as? [String: Int]) == ["NA": 1])
        #expect(json["catalogItems"] as? Int == 2 && json["catalogItemsWithEvents"] as? Int == 1)
    }

    @Test(
        "What makes a basket is said",
        arguments: [
            ("user,item,order\na,b,1\n", "baskets: 1, by column order"),
            ("user,item\na,b\n", "baskets: no column names them"),
        ])
    func baskets(text: String, line: String) throws {
        #expect(try readEvents(text).report.description.contains(line))
    }
}
