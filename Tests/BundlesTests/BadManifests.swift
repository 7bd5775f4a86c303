import Testing

/// A manifest with words of the error that it must bring; `DIGEST` in it stands for the right one.
struct BadManifest: CustomTestStringConvertible, Sendable {
    var text: String
    var cause: String
    /// Without the text, which may be a megabyte.
    var testDescription: String { cause }
}

let badManifests: [BadManifest] = {
    func manifest(_ extra: String, version: String = "2", digest: String = "DIGEST") -> String {
        """
        {"format": "sidecart-bundle", "format_version": \(version), "version": "v", "kind": "k",
         "tensors_sha256": "\(digest)"\(extra)}
        """
    }
    let all = [
        ("", "not valid JSON"), ("{", "not valid JSON"), ("[1]", "wrong type"),
        (String(repeating: "[", count: 100_000), "not valid JSON"),
        (#"{"format": "other", "format_version": 1}"#, "no Sidecart bundle"),
        (#"{"model": 3}"#, "\"format\" is missing"),
        (manifest("", version: "1"), "format version 1, but this Sidecart reads 2: train again"),
        (manifest("", version: "3"), "format version 3, but this Sidecart reads 2: a newer"),
        (manifest(#", "notes": {"a": 1}"#), "\"notes\".\"a\" has the wrong type"),
        (manifest("", version: "\"1\""), "\"format_version\" has the wrong type"),
        (manifest(#", "fold-in": {}"#), "\"fold-in\": is no key"),
        (manifest(#", "fold_in": {"regularization": 1}"#), "\"unobserved_weight\" is missing"),
        (
            manifest(
                #", "fold_in": {"regularization": 0, "unobserved_weight": 1, "regularization_exponent": 1}"#
            ), "regularization > 0"
        ),
        (manifest(#", "seed": -1"#), "\"seed\": is not a whole number"),
        (manifest(#", "metrics": {"a": "b"}"#), "\"metrics\".\"a\" has the wrong type"),
        (manifest(#", "folds_item_case": "yes""#), "\"folds_item_case\" has the wrong type"),
        (manifest(#", "composes_ids": 2"#), "\"composes_ids\" has the wrong type"),
        (manifest(#", "fold_item_case": true"#), "\"fold_item_case\": is no key"),
        (manifest("", digest: "abc"), "64 hexadecimal digits"),
        (
            manifest(#", "counts": {"items": 4, "users": 0, "dimensions": 2, "interactions": 0}"#),
            "do not agree"
        ),
        (
            #"{"format": "sidecart-bundle", "format_version": 2, "version": "", "kind": "k", "tensors_sha256": "DIGEST"}"#,
            "\"version\" must be 1 to 128 bytes"
        ),
        (String(repeating: " ", count: 1 << 20 + 1), "more than 1048576"),
    ]
    return all.map { BadManifest(text: $0.0, cause: $0.1) }
}()
