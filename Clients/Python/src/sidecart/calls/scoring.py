"""What to offer: slates, scores, neighbors, and what the model knows of shoppers and items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from ..v1 import profiles_pb2, scoring_pb2
from .call import Call, call, several

RelationName = Literal["complement", "similar", "substitute", "rebuy"]


def score(
    items: Sequence[str],
    *,
    user: str = "",
    basket: Iterable[str] = (),
    history: Iterable[str] = (),
    timeout: float | None = None,
) -> Call[scoring_pb2.ScoreResponse]:
    """Scores the items for a shopper.

    Args:
        items: 1 to 1,000 ids.
        user: the shopper's id; one that the server does not know is no error.
        basket: items in the basket now.
        history: items the shopper took before, oldest first; replaces what the server knows of ``user``.
        timeout: in seconds; None takes the client's.

    Returns:
        ``scores`` has one float an item, in the order of ``items``; NaN for those the model does not know.
    """
    request = scoring_pb2.ScoreRequest(
        context=_context(user, basket, history), items=several(items, "items")
    )
    return call("sidecart.v1.Scoring", "Score", request, scoring_pb2.ScoreResponse, timeout)


def recommend(
    *,
    user: str = "",
    basket: Iterable[str] = (),
    history: Iterable[str] = (),
    k: int = 0,
    exclude: Iterable[str] = (),
    allow: Iterable[str] = (),
    include_purchased: bool = False,
    include_due: bool = False,
    include_out_of_stock: bool = False,
    per_category_max: int = 0,
    category_level: int = 0,
    per_basket_item_max: int = 0,
    new_items_max: int = 0,
    leave_out_new_items: bool = False,
    price_min: float = 0,
    price_max: float = 0,
    basket_budget: float = 0,
    support_min: int = 0,
    categories: Iterable[str] = (),
    exclude_categories: Iterable[str] = (),
    leave_out_substitutes: bool = False,
    boosts: Iterable[scoring_pb2.Boost] = (),
    margin_weight: float = 0,
    diversity: float = 0,
    rule_set: str = "",
    explore: scoring_pb2.Exploration | None = None,
    why_not: Iterable[str] = (),
    score_parts: bool = False,
    ids_only: bool = False,
    timeout: float | None = None,
) -> Call[scoring_pb2.RecommendResponse]:
    """Finds, ranks, filters and explains items to offer to a shopper.

    All that says who asks may be empty, and every rule is off by default. Each argument is the field of its name in
    ``RecommendRequest`` (``proto/sidecart/v1/scoring.proto``), which says more.

    Args:
        user: the shopper's id; one that the server does not know is no error.
        basket: items in the basket now.
        history: items the shopper took before, oldest first; replaces what the server knows of ``user``.
        k: how many items to return, up to 1,000; 0 leaves it to the server, which takes 10.
        exclude: items never to return.
        allow: where not empty, the only items to return.
        include_purchased: also return what the shopper bought before.
        include_due: also return what she bought before and is due to buy again.
        include_out_of_stock: also return what is known to be out of stock.
        per_category_max: at most so many items of one category.
        category_level: how many steps of a category's path count for that.
        per_basket_item_max: at most so many items that the same basket item speaks loudest for.
        new_items_max: at most so many items that nobody took yet.
        leave_out_new_items: leave those out.
        price_min: only items that cost at least this.
        price_max: only items that cost at most this.
        basket_budget: only items that cost no more than this together with the basket.
        support_min: only items that at least so many baskets held in the training data.
        categories: only items of these, as paths such as ``"Kitchen > Tea"``.
        exclude_categories: no items of these.
        leave_out_substitutes: leave out the substitutes of basket items.
        boosts: multiply scores before items are ranked.
        margin_weight: how much it counts what the shop earns on an item, 0 to 1.
        diversity: how much it counts against an item that it is like others on the slate, 0 to below 1.
        rule_set: rules that the server keeps under this name.
        explore: try other items now and then.
        why_not: items of which ``why_not`` in the answer says why they are not on the slate.
        score_parts: say of each item what its score adds up from; ``k`` is at most 100 then.
        ids_only: leave titles, prices, categories and reasons out.
        timeout: in seconds; None takes the client's.
    """
    request = scoring_pb2.RecommendRequest(
        context=_context(user, basket, history),
        k=k,
        exclude=several(exclude, "exclude"),
        allow=several(allow, "allow"),
        include_purchased=include_purchased,
        include_due=include_due,
        include_out_of_stock=include_out_of_stock,
        per_category_max=per_category_max,
        category_level=category_level,
        per_basket_item_max=per_basket_item_max,
        new_items_max=new_items_max,
        leave_out_new_items=leave_out_new_items,
        price_min=price_min,
        price_max=price_max,
        basket_budget=basket_budget,
        support_min=support_min,
        categories=several(categories, "categories"),
        exclude_categories=several(exclude_categories, "exclude_categories"),
        leave_out_substitutes=leave_out_substitutes,
        boosts=boosts,
        margin_weight=margin_weight,
        diversity=diversity,
        rule_set=rule_set,
        explore=explore,
        why_not=several(why_not, "why_not"),
        score_parts=score_parts,
        ids_only=ids_only,
    )
    return call("sidecart.v1.Scoring", "Recommend", request, scoring_pb2.RecommendResponse, timeout)


def related(
    item: str,
    *relations: RelationName,
    k: int = 0,
    timeout: float | None = None,
) -> Call[scoring_pb2.RelatedResponse]:
    """Lists an item's neighbors, those of each relation strongest first.

    Args:
        item: one that the model knows; any other is NOT_FOUND.
        relations: ``"complement"``, ``"similar"``, ``"substitute"`` or ``"rebuy"``, each at most once; none leaves it to the
            server, which takes complements.
        k: how many of each, up to 1,000; 0 leaves it to the server, which takes 10.
        timeout: in seconds; None takes the client's.
    """
    names = [relation.upper() for relation in relations]
    request = scoring_pb2.RelatedRequest(item_id=item, relations=names, k=k)
    return call("sidecart.v1.Scoring", "Related", request, scoring_pb2.RelatedResponse, timeout)


def _context(user: str, basket: Iterable[str], history: Iterable[str]) -> scoring_pb2.Context:
    return scoring_pb2.Context(
        user_id=user, basket=several(basket, "basket"), history=several(history, "history")
    )


def user_profile(
    user: str, *, k: int = 0, timeout: float | None = None
) -> Call[profiles_pb2.UserProfile]:
    """Says what the model knows of a shopper.

    Args:
        user: one that the model knows; any other is NOT_FOUND.
        k: how many of her items and categories; 0 leaves it to the server, which takes 10.
        timeout: in seconds; None takes the client's.
    """
    request = profiles_pb2.UserProfileRequest(user_id=user, k=k)
    return call("sidecart.v1.Profiles", "User", request, profiles_pb2.UserProfile, timeout)


def item_profile(item: str, *, timeout: float | None = None) -> Call[profiles_pb2.ItemProfile]:
    """Says what the model knows of an item; one that it does not know is NOT_FOUND."""
    request = profiles_pb2.ItemProfileRequest(item_id=item)
    return call("sidecart.v1.Profiles", "Item", request, profiles_pb2.ItemProfile, timeout)
