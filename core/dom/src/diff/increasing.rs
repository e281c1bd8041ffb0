//! The longest increasing subsequence: what may stay in place when children are put into another order.

/// Positions in `sequence` of one longest strictly increasing subsequence.
///
/// Among several, the one whose smallest tails were found first by patience sorting, as in djust: which children move
/// depends on it.
pub(super) fn longest_increasing(sequence: &[u32]) -> Vec<usize> {
    // For each length the position of the smallest element that ends a run of that length.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(sequence.len());
    for (position, &value) in sequence.iter().enumerate() {
        let length = if tails.last().is_none_or(|&tail| sequence[tail] < value) {
            tails.len()
        } else {
            tails.partition_point(|&tail| sequence[tail] < value)
        };
        before.push(length.checked_sub(1).map(|shorter| tails[shorter]));
        if length == tails.len() {
            tails.push(position);
        } else {
            tails[length] = position;
        }
    }
    let mut run = Vec::with_capacity(tails.len());
    let mut next = tails.last().copied();
    while let Some(position) = next {
        run.push(position);
        next = before[position];
    }
    run.reverse();
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_runs() {
        let cases: &[(&[u32], &[usize])] = &[
            (&[], &[]),
            (&[5], &[0]),
            (&[0, 1, 2], &[0, 1, 2]),
            (&[2, 1, 0], &[2]),
            (&[3, 1, 4, 0, 5, 9, 2, 6], &[1, 2, 4, 7]),
            (&[1, 2, 0, 3], &[0, 1, 3]),
            (&[4, 4, 4], &[2]),
        ];
        for (sequence, expected) in cases {
            assert_eq!(longest_increasing(sequence), *expected, "{sequence:?}");
        }
    }
}
