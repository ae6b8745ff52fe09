//! A random choice of a few among many, in the memory of the few.

/// At most this many of the items that are offered, each equally likely.
///
/// A sweep that always began with the oldest uploads would never reach the others if enough of the
/// oldest stay: uploads that are held, or that fail each time.
#[derive(Debug)]
pub(in crate::publish) struct Sample<T> {
    chosen: Vec<T>,
    most: usize,
    seen: usize,
}

impl<T> Sample<T> {
    pub(in crate::publish) fn of_at_most(most: usize) -> Self {
        Self {
            chosen: Vec::new(),
            most,
            seen: 0,
        }
    }

    /// Offers one more item. Returns the item that is not chosen, or no longer. (Vitter's algorithm
    /// R.)
    pub(in crate::publish) fn show(&mut self, item: T) -> Option<T> {
        self.seen += 1;
        if self.chosen.len() < self.most {
            self.chosen.push(item);
            return None;
        }
        match self.chosen.get_mut(fastrand::usize(..self.seen)) {
            Some(place) => Some(std::mem::replace(place, item)),
            None => Some(item),
        }
    }

    pub(in crate::publish) fn chosen(self) -> Vec<T> {
        self.chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_chosen_where_they_are_few_and_each_as_often_where_they_are_many() {
        let mut few = Sample::of_at_most(10);
        assert!((0..10).all(|number| few.show(number).is_none()));
        assert_eq!(few.chosen(), (0..10).collect::<Vec<_>>());

        let mut chosen = [0_u32; 100];
        for _ in 0..2_000 {
            let mut sample = Sample::of_at_most(10);
            let left_out = (0..100).filter_map(|number| sample.show(number)).count();
            assert_eq!(left_out, 90);
            for number in sample.chosen() {
                chosen[number] += 1;
            }
        }
        // 200 each on average; 120 is six standard deviations away.
        assert!(chosen.iter().all(|times| (120..280).contains(times)), "{chosen:?}");
    }
}
