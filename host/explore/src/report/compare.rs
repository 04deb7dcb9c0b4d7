//! Two runs side by side.

use super::paint::Paint;
use super::text::{ending, verdict};
use crate::run::Run;

/// Characters of a column; two of them and the labels fit into 120.
const COLUMN: usize = 52;
/// Characters of the labels.
const LABEL: usize = 12;

/// What is at the end of two runs, side by side, with their verdicts and what is violated. `titles` stand over the columns.
pub fn side_by_side(titles: [&str; 2], runs: [&Run; 2], paint: Paint) -> String {
    let mut rows = vec![Row::new("", titles.map(|title| vec![title.to_owned()]), Look::Title)];
    let endings = runs.map(ending);
    // The same steps leave the same servers, migrations and hosts: the labels are those of either run.
    let mut labels: Vec<&String> = endings.iter().flatten().map(|(label, _)| label).collect();
    let mut seen = Vec::new();
    labels.retain(|label| {
        let new = !seen.contains(label);
        seen.push(label);
        new
    });
    for label in labels {
        let cells = endings.each_ref().map(|ending| {
            ending.iter().find(|(of, _)| of == label).map(|(_, lines)| lines.clone()).unwrap_or_default()
        });
        rows.push(Row::new(label, cells, Look::Plain));
    }
    let violated =
        runs.map(|run| run.report.violations.iter().map(|violation| violation.message.clone()).collect());
    rows.push(Row::new("violated", violated, Look::Bad));
    let passed = runs.map(|run| run.report.passed());
    rows.push(Row::new("verdict", runs.map(|run| vec![verdict(&run.report)]), Look::Verdict(passed)));
    rows.iter().map(|row| row.text(paint)).collect()
}

struct Row {
    label: String,
    cells: [Vec<String>; 2],
    look: Look,
}

#[derive(Clone, Copy)]
enum Look {
    Title,
    Plain,
    Bad,
    Verdict([bool; 2]),
}

impl Row {
    fn new(label: &str, cells: [Vec<String>; 2], look: Look) -> Self {
        Self { label: label.to_owned(), cells: cells.map(|lines| wrap(&lines)), look }
    }

    fn text(&self, paint: Paint) -> String {
        let height = self.cells.iter().map(Vec::len).max().unwrap_or_default();
        let mut text = String::new();
        for line in 0..height {
            let label = if line == 0 { self.label.as_str() } else { "" };
            let mut row = format!("{label:<LABEL$}");
            for column in 0..2 {
                let cell = self.cells[column].get(line).map(String::as_str).unwrap_or_default();
                // Padded before it is painted: escape sequences take no room.
                let cell = if column == 0 { format!("{cell:<COLUMN$}") } else { cell.to_owned() };
                row.push_str(if column == 0 { " " } else { "  " });
                row.push_str(&match self.look {
                    Look::Title => paint.title(&cell),
                    Look::Plain => cell,
                    Look::Bad => paint.bad(&cell),
                    Look::Verdict(passed) if passed[column] => paint.good(&cell),
                    Look::Verdict(_) => paint.bad(&cell),
                });
            }
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Breaks lines at blanks so that each fits into a column; what continues a line is indented.
fn wrap(lines: &[String]) -> Vec<String> {
    let mut wrapped = Vec::new();
    for line in lines {
        let mut current = String::new();
        for word in line.split(' ') {
            if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > COLUMN {
                wrapped.push(std::mem::replace(&mut current, "  ".to_owned()));
                current.push_str(word);
                continue;
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        wrapped.push(current);
    }
    wrapped
}
