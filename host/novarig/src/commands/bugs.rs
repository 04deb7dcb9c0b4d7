//! `novarig bugs`: the defects that can be switched, in both directions.
//!
//! The JSON is for programs and keeps its keys: a list of objects with `id` (what `--bug` or `--fix` takes), `kind` (`bug`,
//! `fix`), `title`, `scenario` (a built-in one that shows it), `when`, `wrong`, `right` and `releases`.

use super::bugs_find::bugs_find;
use crate::cli::{BugsArguments, Format};
use crate::output::{paint, print};
use model::switches::Defect;
use model::{Bug, Fix};
use serde_json::{Value, json};
use std::fmt::Write;

/// Lists the old bugs, then the cures of present ones.
pub(crate) fn bugs(arguments: &BugsArguments) -> anyhow::Result<bool> {
    if arguments.find {
        return bugs_find(arguments);
    }
    match arguments.format {
        Format::Text => print(&text()),
        Format::Json => print(&format!("{:#}\n", Value::from(items()))),
    }
    Ok(true)
}

fn defects() -> impl Iterator<Item = (&'static str, &'static Defect)> {
    let bugs = Bug::ALL.iter().map(|bug| ("bug", bug.defect()));
    bugs.chain(Fix::ALL.iter().map(|fix| ("fix", fix.defect())))
}

fn items() -> Vec<Value> {
    defects()
        .map(|(kind, defect)| {
            json!({
                "id": defect.id,
                "kind": kind,
                "title": defect.title,
                "scenario": defect.scenario,
                "when": defect.when,
                "wrong": defect.wrong,
                "right": defect.right,
                "releases": defect.releases,
            })
        })
        .collect()
}

fn text() -> String {
    let paint = paint();
    let heading = |kind| match kind {
        "bug" => "Old bugs of Nova, brought back with --bug NUMBER",
        _ => "Defects that Nova 34.0.0 still has, cured with --fix NAME or --fix all",
    };
    let (mut text, mut last) = (String::new(), "");
    for (kind, defect) in defects() {
        if kind != last {
            let gap = if last.is_empty() { "" } else { "\n" };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{gap}{}", paint.title(heading(kind)));
            last = kind;
        }
        let Defect { id, title, scenario, when, wrong, right, releases } = defect;
        let _ = writeln!(text, "{} {title}", paint.title(id));
        let _ = writeln!(text, "    when      {when}\n    wrong     {wrong}\n    right     {right}");
        let _ =
            writeln!(text, "    releases  {releases}\n    shown by  novarig run {scenario} --{kind} {id}");
    }
    text
}
