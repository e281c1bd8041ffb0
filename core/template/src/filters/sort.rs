//! Sorting by Python's `<`.

/// Up to this many items Python sorts by insertion alone.
const INSERTED: usize = 63;

/// Sorts stably and looks at `<` only: an order that is none, as that of NaN, gives some order and does no harm. Few
/// items are compared in the same sequence as Python compares them, so that the same comparison fails first.
///
/// # Errors
///
/// The first error of a comparison.
pub(super) fn sort<T, E>(
    mut items: Vec<T>,
    is_less: &dyn Fn(&T, &T) -> Result<bool, E>,
) -> Result<Vec<T>, E> {
    if items.len() <= INSERTED {
        insert_all(&mut items, is_less)?;
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

/// Binary insertion behind what is in order at the beginning.
fn insert_all<T, E>(items: &mut [T], is_less: &dyn Fn(&T, &T) -> Result<bool, E>) -> Result<(), E> {
    for next in run_at_start(items, is_less)?..items.len() {
        let (mut low, mut high) = (0, next);
        while low < high {
            let middle = low.midpoint(high);
            if is_less(&items[next], &items[middle])? {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        items[low..=next].rotate_right(1);
    }
    Ok(())
}

/// The length of the ascending run at the beginning; a strictly descending one is turned around.
fn run_at_start<T, E>(items: &mut [T], is_less: &dyn Fn(&T, &T) -> Result<bool, E>) -> Result<usize, E> {
    if items.len() < 2 {
        return Ok(items.len());
    }
    let descends = is_less(&items[1], &items[0])?;
    let mut length = 2;
    while length < items.len() && is_less(&items[length], &items[length - 1])? == descends {
        length += 1;
    }
    if descends {
        items[..length].reverse();
    }
    Ok(length)
}
