//! Sorting by Python's `<`.

/// Sorts stably and looks at `<` only: an order that is none, as that of NaN, gives some order and does no harm.
///
/// # Errors
///
/// The first error of a comparison.
pub(super) fn sort<T, E>(
    mut items: Vec<T>,
    is_less: &dyn Fn(&T, &T) -> Result<bool, E>,
) -> Result<Vec<T>, E> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let (left, right) = (sort(items, is_less)?, sort(right, is_less)?);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if is_less(b, a)? { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}
