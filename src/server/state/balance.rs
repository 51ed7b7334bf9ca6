//! How evenly the replicas are spread over the replica servers. The facts about the cluster contain it.

use std::collections::BTreeMap;

use super::State;
use super::nodes::Node;
use super::replicas::Replicas;

/// How many replicas a replica server holds.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    primaries: u32,
    replicas: u32,
}

/// The standard deviations of the numbers of replicas, over the replica servers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) primaries: f64,
    pub(super) replicas: f64,
}

impl State {
    /// Returns how evenly the replicas are spread. Real servers count only replica servers that are alive
    /// and hold a replica.
    pub(super) fn spread(&self, replicas: &Replicas) -> Spread {
        let loads = self.loads(replicas);
        let counted: Vec<Load> =
            replicas.alive().iter().filter_map(|node| loads.get(node).copied()).collect();
        let is_sample = replicas.dead().iter().any(|node| loads.contains_key(node));
        let numbers = |number: fn(&Load) -> u32| counted.iter().map(number).collect::<Vec<_>>();
        Spread {
            // A replica server that is dead holds no primaries.
            primaries: deviation(&numbers(|load| load.primaries), false),
            replicas: deviation(&numbers(|load| load.replicas), is_sample),
        }
    }

    /// Returns the loads of the replica servers that hold a replica.
    fn loads(&self, replicas: &Replicas) -> BTreeMap<Node, Load> {
        let mut loads: BTreeMap<Node, Load> = BTreeMap::new();
        // Partitions whose distance is the number of replica servers have their replicas at the same places.
        let places = replicas.alive().len() + replicas.dead().len();
        let places = u32::try_from(places).unwrap_or(u32::MAX);
        for table in self.tables.values() {
            let partitions = u32::try_from(table.record.partitions).unwrap_or(0);
            for first in 0..partitions.min(places) {
                let times = (partitions - first).div_ceil(places);
                let index = i32::try_from(first).unwrap_or(i32::MAX);
                let partition = replicas.partition(table.record.id, index);
                if let Some(primary) = partition.primary {
                    loads.entry(primary).or_default().primaries += times;
                }
                for node in partition.primary.into_iter().chain(partition.secondaries) {
                    loads.entry(node).or_default().replicas += times;
                }
            }
        }
        loads
    }
}

/// Returns the standard deviation of the numbers, or that of the whole of which the numbers are a sample.
/// The result is rounded to two decimal places, as real servers do.
fn deviation(numbers: &[u32], is_sample: bool) -> f64 {
    let Some(count @ 2..) = u32::try_from(numbers.len()).ok() else { return 0.0 };
    let values = || numbers.iter().copied().map(f64::from);
    let mean = values().sum::<f64>() / f64::from(count);
    let squares: f64 = values().map(|value| (value - mean).powi(2)).sum();
    let variance = squares / f64::from(count - u32::from(is_sample));
    ((variance.sqrt() + 0.005) * 100.0).floor() / 100.0
}

#[cfg(test)]
mod tests {
    use super::deviation;

    #[test]
    fn the_deviation_is_rounded_to_two_decimal_places() {
        let cases: [(&[u32], bool, f64); 8] = [
            (&[], false, 0.0),
            (&[7], true, 0.0),
            (&[4, 4, 4], false, 0.0),
            (&[6, 7, 7], false, 0.47),
            (&[6, 7, 7], true, 0.58),
            (&[3, 4, 5], false, 0.82),
            (&[0, 10], false, 5.0),
            (&[0, 10], true, 7.07),
        ];
        for (numbers, is_sample, expected) in cases {
            let got = deviation(numbers, is_sample);
            assert!((got - expected).abs() < 1e-9, "{numbers:?} {is_sample}: {got}");
        }
    }
}
