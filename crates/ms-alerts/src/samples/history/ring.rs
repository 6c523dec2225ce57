//! The points of a series, side by side in memory, so that a range of them is a slice.

use super::series::Point;

/// From the oldest to the newest. What is forgotten leaves a gap in front, which is closed when there is no room behind.
#[derive(Debug, Default)]
pub(super) struct Ring {
    points: Vec<Point>,
    /// Where the oldest is.
    start: usize,
    /// How many are marks that the series was gone.
    marks: usize,
}

impl Ring {
    pub(super) fn as_slice(&self) -> &[Point] {
        self.points.get(self.start..).unwrap_or_default()
    }

    /// Tells whether any point is a mark that the series was gone.
    pub(super) fn has_marks(&self) -> bool {
        self.marks > 0
    }

    pub(super) fn capacity(&self) -> usize {
        self.points.capacity()
    }

    /// Tells whether another point makes it larger: a gap of an eighth is closed first.
    pub(super) fn is_full(&self) -> bool {
        let capacity = self.points.capacity();
        self.points.len() == capacity && self.start <= capacity / 8
    }

    pub(super) fn push(&mut self, point: Point) {
        self.make_room();
        self.marks += usize::from(point.is_stale());
        self.points.push(point);
    }

    pub(super) fn insert(&mut self, place: usize, point: Point) {
        self.make_room();
        self.marks += usize::from(point.is_stale());
        self.points.insert(self.start + place, point);
    }

    pub(super) fn replace(&mut self, place: usize, point: Point) {
        if let Some(known) = self.points.get_mut(self.start + place) {
            self.marks += usize::from(point.is_stale());
            self.marks -= usize::from(known.is_stale());
            *known = point;
        }
    }

    pub(super) fn replace_last(&mut self, point: Point) {
        self.replace(self.as_slice().len().saturating_sub(1), point);
    }

    pub(super) fn forget_before(&mut self, from: i64) {
        let forgotten = self.as_slice().iter().take_while(|point| point.at < from);
        let (count, marks) = forgotten
            .fold((0, 0), |(count, marks), point| (count + 1, marks + usize::from(point.is_stale())));
        self.start += count;
        self.marks -= marks;
    }

    pub(super) fn retain(&mut self, is_kept: impl Fn(Point) -> bool) {
        self.close_gap();
        self.points.retain(|point| is_kept(*point));
        self.marks = self.points.iter().filter(|point| point.is_stale()).count();
    }

    /// By half, not to twice as much: most of the memory of a history is here.
    fn make_room(&mut self) {
        if self.is_full() {
            self.points.reserve_exact((self.points.capacity() / 2).max(4));
        } else if self.points.len() == self.points.capacity() {
            self.close_gap();
        }
    }

    fn close_gap(&mut self) {
        self.points.drain(..self.start);
        self.start = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    fn stale() -> f64 {
        f64::from_bits(super::super::series::STALE)
    }

    proptest! {
        #[test]
        fn it_holds_what_a_deque_does(steps in prop::collection::vec((0..6_u8, 0..40_usize, any::<bool>()), 1..400)) {
            let (mut ring, mut deque, mut now) = (Ring::default(), VecDeque::new(), 0_i64);
            for (step, number, is_mark) in steps {
                now += 1;
                let point = Point::new(now, if is_mark { stale() } else { number as f64 });
                let place = number.min(deque.len());
                match step {
                    0..3 => (ring.push(point), deque.push_back(point)).0,
                    3 => {
                        let from = now - number as i64;
                        ring.forget_before(from);
                        while deque.pop_front_if(|point: &mut Point| point.at < from).is_some() {}
                    }
                    4 if place < deque.len() => {
                        let point = Point::new(deque[place].at, point.value);
                        ring.replace(place, point);
                        deque[place] = point;
                    }
                    _ => {
                        ring.retain(|point| point.at % 7 != 0);
                        deque.retain(|point| point.at % 7 != 0);
                    }
                }
                let bits = |point: &Point| (point.at, point.value.to_bits());
                prop_assert!(ring.as_slice().iter().map(bits).eq(deque.iter().map(bits)));
                prop_assert_eq!(ring.has_marks(), deque.iter().any(|point| point.is_stale()));
            }
        }
    }

    #[test]
    fn it_takes_less_than_twice_what_it_holds() {
        for length in [5, 13, 240, 1000] {
            let mut ring = Ring::default();
            for now in 0..10_000 {
                ring.push(Point::new(now, 1.0));
                ring.forget_before(now - length + 1);
            }
            let held = ring.as_slice().len();
            assert!(ring.capacity() < 2 * held, "{} for {held}", ring.capacity());
        }
    }
}
