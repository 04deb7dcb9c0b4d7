//! What a provider has of one resource class, and how much of it may be handed out
//! (`placement/objects/inventory.py`, and the capacity test of `placement/objects/allocation.py`).

use serde::{Deserialize, Serialize};

/// The largest integer an inventory field holds (the column is a signed 32-bit integer).
pub const MAX_INT: u32 = i32::MAX as u32;

/// One inventory record. Amounts are in the units of the resource class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inventory {
    /// What there is.
    pub total: u32,
    /// What of it is not for handing out.
    #[serde(default)]
    pub reserved: u32,
    /// The least one allocation may take.
    #[serde(default = "one")]
    pub min_unit: u32,
    /// The most one allocation may take.
    #[serde(default = "max_int")]
    pub max_unit: u32,
    /// What every allocation must be a multiple of.
    #[serde(default = "one")]
    pub step_size: u32,
    /// How many times over the rest may be handed out.
    #[serde(default = "ratio_one")]
    pub allocation_ratio: f64,
}

fn one() -> u32 {
    1
}

fn max_int() -> u32 {
    MAX_INT
}

fn ratio_one() -> f64 {
    1.0
}

impl Inventory {
    /// A record of so many units with every other field at Placement's default.
    pub fn of(total: u32) -> Self {
        Self { total, reserved: 0, min_unit: 1, max_unit: MAX_INT, step_size: 1, allocation_ratio: 1.0 }
    }

    /// How much may be handed out, fractions included: an allocation fits when the sum with all others is not more.
    pub fn limit(&self) -> f64 {
        (f64::from(self.total) - f64::from(self.reserved)) * self.allocation_ratio
    }

    /// The limit in whole units, as Placement shows it. Negative when more is reserved than there is.
    pub fn capacity(&self) -> f64 {
        self.limit().trunc()
    }

    /// Whether an allocation may have this size, wherever the provider's other allocations leave room for it.
    pub fn permits(&self, amount: u64) -> bool {
        amount >= u64::from(self.min_unit)
            && amount <= u64::from(self.max_unit)
            && amount.is_multiple_of(u64::from(self.step_size.max(1)))
    }

    /// Whether so much in all stays within the limit.
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact below 2^53; beyond it Placement compares floats as well"
    )]
    pub fn holds(&self, used: u64) -> bool {
        used as f64 <= self.limit()
    }

    /// The largest single amount that `used` leaves room for, which `permits` may still refuse.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float casts saturate at the bounds"
    )]
    pub(crate) fn headroom(&self, used: u64) -> u32 {
        let free = (self.limit() as u64).saturating_sub(used);
        u32::try_from(free).unwrap_or(u32::MAX).min(self.max_unit)
    }
}

#[cfg(test)]
mod tests {
    use super::Inventory;

    #[test]
    fn capacity_counts_reserve_and_ratio_and_drops_fractions() {
        let inventory = Inventory { reserved: 1, allocation_ratio: 1.5, ..Inventory::of(4) };
        assert_eq!(inventory.limit(), 4.5);
        assert_eq!(inventory.capacity(), 4.0);
        assert!(inventory.holds(4) && !inventory.holds(5));
        assert_eq!(inventory.headroom(1), 3);
        assert_eq!(inventory.headroom(9), 0);
    }

    #[test]
    fn an_amount_must_be_within_the_units_and_a_multiple_of_the_step() {
        let inventory = Inventory { min_unit: 2, max_unit: 8, step_size: 2, ..Inventory::of(100) };
        let permitted: Vec<u64> = (0..12).filter(|n| inventory.permits(*n)).collect();
        assert_eq!(permitted, [2, 4, 6, 8]);
    }

    #[test]
    fn more_reserved_than_there_is_leaves_nothing() {
        let inventory = Inventory { reserved: 5, ..Inventory::of(4) };
        assert_eq!(inventory.capacity(), -1.0);
        assert_eq!(inventory.headroom(0), 0);
    }
}
