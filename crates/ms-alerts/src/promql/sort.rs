//! `sort` and `sort_desc`.

use super::plan::Order;
use super::vector::Element;

/// By value; NaN stands at the end of both orders.
pub(super) fn sorted(mut vector: Vec<Element<'_>>, order: Order) -> Vec<Element<'_>> {
    vector.sort_by(|one, other| {
        let (nan, other_nan) = (one.value.is_nan(), other.value.is_nan());
        let by_value = one.value.partial_cmp(&other.value).unwrap_or(std::cmp::Ordering::Equal);
        nan.cmp(&other_nan).then(match order {
            Order::Ascending => by_value,
            Order::Descending => by_value.reverse(),
        })
    });
    vector
}
