//! A map of an exploration: a row for each fault point, a column for each fault, each cell what that plan came to.

use explore::search::{Exploration, Outcome, PlanOutcome};
use serde::Serialize;
use std::collections::BTreeMap;

/// The width of a cell.
pub const CELL: usize = 14;

/// The map of one scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Map {
    /// The scenario.
    pub scenario: String,
    /// The faults, by column.
    pub faults: Vec<Column>,
    /// The width of a row.
    pub width: usize,
    /// The rows, in the order in which the points come.
    pub rows: Vec<Row>,
    /// Plans after which all is well.
    pub fine: usize,
    /// Plans that break what Nova is known to break.
    pub known: usize,
    /// Plans that break something else.
    pub new: usize,
    /// How much of a hundred breaks anything.
    pub broken_share: f64,
    /// How much of a hundred breaks something that is not known.
    pub new_share: f64,
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Where its name begins.
    pub x: usize,
    /// Its name.
    pub fault: String,
}

/// A fault point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Where.
    pub point: String,
    /// The worst of its cells.
    pub worst: &'static str,
    /// Its cells; neighbours of one kind are one.
    pub cells: Vec<Cell>,
}

/// Plans side by side that came to the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The left side.
    pub x: usize,
    /// The width.
    pub width: usize,
    /// `fine`, `known` or `new`.
    pub look: &'static str,
    /// The plans' faults.
    pub faults: Vec<String>,
    /// The invariants that each of them breaks.
    pub broken: Vec<&'static str>,
    /// The plans and what they come to, in words.
    pub what: String,
}

impl Cell {
    fn told(&self) -> String {
        const NAMED: usize = 4;
        let faults = match &*self.faults {
            few if few.len() <= NAMED => few.join(", "),
            many => format!("{} faults", many.len()),
        };
        if self.broken.is_empty() {
            return format!("{faults}: every invariant holds");
        }
        format!("{faults}: {}: {}", self.look, self.broken.join(", "))
    }
}

/// How an outcome is called and drawn.
pub fn look(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fine => "fine",
        Outcome::Known => "known",
        Outcome::New => "new",
    }
}

/// The map of an exploration.
pub fn map(found: &Exploration) -> Map {
    of_outcomes(&found.scenario, &found.outcomes)
}

fn of_outcomes(scenario: &str, outcomes: &[PlanOutcome]) -> Map {
    let mut map = Map { scenario: scenario.to_owned(), ..Map::default() };
    let (mut points, mut cells) = (Vec::new(), BTreeMap::new());
    for plan in outcomes {
        match plan.outcome {
            Outcome::Fine => map.fine += 1,
            Outcome::Known => map.known += 1,
            Outcome::New => map.new += 1,
        }
        if map.faults.iter().all(|column| column.fault != plan.fault) {
            let x = map.faults.len() * CELL + CELL / 2 + 4;
            map.faults.push(Column { x, fault: plan.fault.clone() });
        }
        if !cells.contains_key(plan.point.as_str()) {
            points.push(plan.point.as_str());
        }
        cells.entry(plan.point.as_str()).or_insert_with(BTreeMap::new).insert(plan.fault.as_str(), plan);
    }
    for point in points {
        let Some(of_point) = cells.get(point) else { continue };
        let worst = of_point.values().map(|plan| plan.outcome).max().unwrap_or(Outcome::Fine);
        let mut row = Row { point: point.to_owned(), worst: look(worst), cells: Vec::new() };
        for (number, column) in map.faults.iter().enumerate() {
            let Some(plan) = of_point.get(column.fault.as_str()) else { continue };
            row.add(number * CELL, plan);
        }
        row.cells.iter_mut().for_each(|cell| cell.what = cell.told());
        map.rows.push(row);
    }
    map.width = map.faults.len() * CELL;
    map.new_share = share(map.new, outcomes.len());
    map.broken_share = share(map.new + map.known, outcomes.len());
    map
}

fn share(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { part as f64 * 100.0 / all as f64 }
}

impl Row {
    fn add(&mut self, x: usize, plan: &PlanOutcome) {
        let look = look(plan.outcome);
        match self.cells.last_mut() {
            Some(last) if last.x + last.width == x && last.look == look && last.broken == plan.broken => {
                last.width += CELL;
                last.faults.push(plan.fault.clone());
            }
            _ => self.cells.push(Cell {
                x,
                width: CELL,
                look,
                faults: vec![plan.fault.clone()],
                broken: plan.broken.clone(),
                what: String::new(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(point: &str, fault: &str, broken: &[&'static str], outcome: Outcome) -> PlanOutcome {
        PlanOutcome { point: point.to_owned(), fault: fault.to_owned(), outcome, broken: broken.to_vec() }
    }

    #[test]
    fn every_plan_is_a_cell_and_neighbours_of_one_kind_are_one() {
        let map = of_outcomes(
            "resize",
            &[
                plan("host1:spawn#1", "A", &[], Outcome::Fine),
                plan("host2:spawn#1", "A", &[], Outcome::Fine),
                plan("host1:spawn#1", "B", &[], Outcome::Fine),
                plan("host2:spawn#1", "B", &["no_task_left"], Outcome::New),
                plan("host1:spawn#1", "C", &["no_task_left"], Outcome::Known),
            ],
        );
        assert_eq!((map.fine, map.known, map.new), (3, 1, 1));
        let faults: Vec<_> = map.faults.iter().map(|column| column.fault.as_str()).collect();
        assert_eq!(faults, ["A", "B", "C"]);
        let points: Vec<_> = map.rows.iter().map(|row| (row.point.as_str(), row.worst)).collect();
        assert_eq!(points, [("host1:spawn#1", "known"), ("host2:spawn#1", "new")]);
        let cells = |row: usize| {
            map.rows[row].cells.iter().map(|cell| (cell.x, cell.width, cell.look)).collect::<Vec<_>>()
        };
        assert_eq!(cells(0), [(0, 2 * CELL, "fine"), (2 * CELL, CELL, "known")]);
        assert_eq!(cells(1), [(0, CELL, "fine"), (CELL, CELL, "new")]);
        assert_eq!(map.rows[0].cells[0].what, "A, B: every invariant holds");
        assert_eq!(map.rows[1].cells[1].what, "B: new: no_task_left");
    }

    #[test]
    fn what_breaks_other_invariants_is_another_cell_and_a_gap_stays_empty() {
        let map = of_outcomes(
            "resize",
            &[
                plan("p", "A", &["x"], Outcome::New),
                plan("p", "B", &["y"], Outcome::New),
                plan("q", "A", &[], Outcome::Fine),
                plan("q", "C", &[], Outcome::Fine),
            ],
        );
        assert_eq!(map.rows[0].cells.len(), 2);
        assert_eq!(map.rows[1].cells.iter().map(|cell| cell.x).collect::<Vec<_>>(), [0, 2 * CELL]);
    }

    #[test]
    fn shares_are_of_a_hundred_also_of_nothing() {
        let map =
            of_outcomes("s", &[plan("p", "A", &["x"], Outcome::New), plan("p", "B", &[], Outcome::Fine)]);
        assert!((map.new_share - 50.0).abs() < f64::EPSILON);
        assert!(of_outcomes("s", &[]).broken_share.abs() < f64::EPSILON);
    }
}
