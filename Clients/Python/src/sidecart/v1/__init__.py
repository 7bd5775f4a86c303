"""The messages of the contract, ``proto/sidecart/v1``, as protoc generates them."""
