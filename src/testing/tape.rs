//! Random numbers that are read one after another.

/// A source of choices. When it has run out, every choice is the first one.
#[derive(Debug, Clone)]
pub struct Tape {
    choices: Vec<u16>,
    at: usize,
}

impl Tape {
    /// A tape of these numbers.
    pub fn new(choices: Vec<u16>) -> Self {
        Self { choices, at: 0 }
    }

    /// A number below `bound`; 0 when the tape has run out. `bound` is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let choice = self.choices.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(choice) % bound
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True in about `percent` of a hundred cases; false when the tape has run out.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) + percent >= 100
    }

    /// One of the items; `None` when there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() {
            return None;
        }
        let at = self.below(items.len());
        items.get(at)
    }

    /// At most `most` different items, at least one where there are any, in random order.
    pub fn some<T: Clone>(&mut self, items: &[T], most: usize) -> Vec<T> {
        let mut left = items.to_vec();
        let mut taken = Vec::new();
        let wanted = if left.is_empty() {
            0
        } else {
            self.between(1, most.min(left.len()))
        };
        for _ in 0..wanted {
            let at = self.below(left.len());
            taken.push(left.remove(at));
        }
        taken
    }
}
