//! Swim lanes: who did what, and who told whom, one event below the other in simulated time.
//!
//! Each one who acts has a lane: the user, the API, the conductor, the scheduler, Placement, each host. An event that is
//! worth a line of the timeline ([`explore::report::line`]) has a row. Here the rows get their places, in units of an SVG
//! picture; a template draws them.

use explore::CloudState;
use explore::report::{LineKind, line, place, seconds};
use model::rpc::Address;
use runtime::{TraceEvent, TraceRecord};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where the first lane is; times stand before it.
const FIRST_LANE: u32 = 110;
/// From lane to lane.
const LANE: u32 = 104;
/// Room for what is said of records, to the right of the lanes.
const NOTES: u32 = 420;
/// From row to row.
const ROW: u32 = 22;
/// Above the first row are the names of the lanes.
const HEAD: u32 = 40;
/// Half the width of a bar that shows a handler at work.
const BAR: u32 = 4;
/// What a letter takes, bold ones included.
const LETTER: u32 = 7;

/// The picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lanes {
    /// In units of the picture.
    pub width: u32,
    /// In units of the picture.
    pub height: u32,
    /// Where the lines down the middle of the lanes end.
    pub bottom: u32,
    /// From left to right.
    pub lanes: Vec<Lane>,
    /// The handlers at work.
    pub bars: Vec<Bar>,
    /// From top to bottom.
    pub rows: Vec<Row>,
}

/// One who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lane {
    /// The name.
    pub name: String,
    /// Its middle.
    pub x: u32,
}

/// A handler at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Its left side.
    pub x: u32,
    /// Where it begins.
    pub y: u32,
    /// How long it is.
    pub height: u32,
    /// What is at work.
    pub what: String,
    /// Whether it failed, or did not end.
    pub bad: bool,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The event's number in the trace.
    pub n: u64,
    /// Its middle.
    pub y: u32,
    /// The time, where it is another than that of the row above.
    pub time: Option<String>,
    /// The class by which it is drawn: `step`, `plain`, `bad`, `state`, `fault`.
    pub look: &'static str,
    /// An arrow from one lane to another.
    pub arrow: Option<Arrow>,
    /// Where the text begins.
    pub text_x: u32,
    /// What is said, as far as there is room.
    pub text: String,
    /// All of it.
    pub whole: String,
}

/// An arrow between lanes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arrow {
    /// Where it begins.
    pub from: u32,
    /// Where it points to.
    pub to: u32,
    /// Whether what was sent never arrives.
    pub lost: bool,
}

/// Draws a trace without its start-up, unless a fault strikes in that.
pub fn lanes(trace: &[TraceRecord], state: &CloudState) -> Lanes {
    let names = names(trace);
    let mut picture = Picture {
        sent: BTreeMap::new(),
        open: BTreeMap::new(),
        lanes: names
            .iter()
            .zip(0..)
            .map(|(name, at)| Lane { name: name.clone(), x: FIRST_LANE + at * LANE })
            .collect(),
        done: Lanes::default(),
        y: HEAD,
        last: None,
    };
    let delivered: Vec<u64> = trace
        .iter()
        .filter_map(|record| match record.event {
            TraceEvent::MessageDelivered { id, .. } => Some(id),
            _ => None,
        })
        .collect();
    let mut begun = struck_early(trace);
    for record in trace {
        begun |= matches!(record.event, TraceEvent::Step { .. });
        if begun {
            picture.event(record, state, &delivered);
        }
    }
    picture.finish()
}

/// Whether a fault strikes before the first step.
fn struck_early(trace: &[TraceRecord]) -> bool {
    trace
        .iter()
        .take_while(|record| !matches!(record.event, TraceEvent::Step { .. }))
        .any(|record| matches!(record.event, TraceEvent::FaultInjected { .. }))
}

/// The names of the lanes.
fn names(trace: &[TraceRecord]) -> Vec<String> {
    let fixed = ["user", "api", "conductor", "scheduler", "placement"].map(str::to_owned);
    let mut names = Vec::from(fixed);
    for record in trace {
        let host = match &record.event {
            TraceEvent::DriverCall { host, .. } | TraceEvent::NodeSaved { host, .. } => host.to_string(),
            TraceEvent::MessageDelivered { to: Address::Compute(host), .. } => host.to_string(),
            _ => continue,
        };
        if !names.contains(&host) {
            names.push(host);
        }
    }
    names
}

struct Picture {
    /// From whom each message is.
    sent: BTreeMap<u64, String>,
    /// Where each handler began.
    open: BTreeMap<u64, (u32, String, &'static str)>,
    lanes: Vec<Lane>,
    done: Lanes,
    /// The middle of the last row.
    y: u32,
    last: Option<u64>,
}

impl Picture {
    fn x(&self, name: &str) -> Option<u32> {
        self.lanes.iter().find(|lane| lane.name == name).map(|lane| lane.x)
    }

    fn notes_x(&self) -> u32 {
        self.lanes.last().map_or(FIRST_LANE, |lane| lane.x) + LANE / 2
    }

    fn event(&mut self, record: &TraceRecord, state: &CloudState, delivered: &[u64]) {
        match &record.event {
            TraceEvent::MessageSent { id, from, to, method, .. } => {
                self.sent.insert(*id, place(from));
                if !delivered.contains(id) {
                    let arrow =
                        self.arrow(&place(from), &place(to)).map(|arrow| Arrow { lost: true, ..arrow });
                    let what = format!("{method} never reaches {}", place(to));
                    self.row(record, "bad", arrow, &place(from), &what);
                }
                return;
            }
            TraceEvent::MessageHandled { id, error, .. } => self.close(*id, error.is_some()),
            _ => {}
        }
        let Some(told) = line(record, state) else { return };
        let what = told.what.trim_start();
        let look = match told.kind {
            LineKind::Step => "step",
            LineKind::Plain => "plain",
            LineKind::Bad => "bad",
            LineKind::State => "state",
        };
        match &record.event {
            TraceEvent::Step { .. } => {
                let arrow = self.arrow("user", "api");
                self.row(record, look, arrow, "user", what);
            }
            TraceEvent::ApiAnswer { .. } => {
                let arrow = self.arrow("api", "user");
                self.row(record, look, arrow, "api", what);
            }
            TraceEvent::MessageDelivered { id, to, method } => {
                let to = place(to);
                let from = self.sent.get(id).cloned();
                let arrow = from.and_then(|from| self.arrow(&from, &to));
                self.row(record, look, arrow, &to, what);
                self.open.insert(*id, (self.y, to, method));
            }
            TraceEvent::Scheduled { .. } => {
                let arrow = self.arrow("scheduler", "conductor");
                self.row(record, look, arrow, "scheduler", what.trim_start_matches("scheduler: "));
            }
            TraceEvent::PlacementWrite { writer, .. } => {
                let arrow = self.arrow(&place(writer), "placement");
                self.row(record, look, arrow, "", what.trim_start_matches("placement: "));
            }
            TraceEvent::FaultInjected { .. } => {
                // What strikes a service and no host is drawn where services are told of.
                let at = if self.x(&told.place).is_some() { told.place.clone() } else { "api".to_owned() };
                self.row(record, "fault", None, &at, what);
            }
            _ => self.row(record, look, None, &told.place, what),
        }
    }

    fn arrow(&self, from: &str, to: &str) -> Option<Arrow> {
        let (from, to) = (self.x(from)?, self.x(to)?);
        if from == to {
            return None;
        }
        // It ends at the bar, not in it.
        let to = if from < to { to - BAR } else { to + BAR };
        Some(Arrow { from, to, lost: false })
    }

    fn row(&mut self, record: &TraceRecord, look: &'static str, arrow: Option<Arrow>, at: &str, what: &str) {
        self.y += ROW;
        let time = (self.last != Some(record.t)).then(|| seconds(record.t));
        self.last = Some(record.t);
        let text_x = match self.x(at) {
            // To the right of the lane and its bar, and of the arrow.
            Some(x) => arrow.as_ref().map_or(x, |arrow| x.max(arrow.from).max(arrow.to)) + 2 * BAR + 2,
            None => self.notes_x(),
        };
        // Text may reach over the lanes to the right of it, but not out of the picture.
        let room = (self.notes_x() + NOTES).saturating_sub(text_x) / LETTER;
        let text = shortened(what, usize::try_from(room).unwrap_or(usize::MAX));
        let whole = what.to_owned();
        self.done.rows.push(Row { n: record.n, y: self.y, time, look, arrow, text_x, text, whole });
    }

    /// Ends the bar of a handler.
    fn close(&mut self, id: u64, bad: bool) {
        let Some((from, at, what)) = self.open.remove(&id) else { return };
        let Some(x) = self.x(&at) else { return };
        let height = (self.y - from).max(ROW / 2);
        self.done.bars.push(Bar { x: x - BAR, y: from, height, what: what.to_owned(), bad });
    }

    fn finish(mut self) -> Lanes {
        // What never ended ends with the picture.
        self.y += ROW;
        for id in self.open.keys().copied().collect::<Vec<_>>() {
            self.close(id, true);
        }
        let width = self.notes_x() + NOTES;
        // A bar that began earlier is drawn first.
        self.done.bars.sort_by_key(|bar| (bar.y, bar.x));
        let bottom = self.y + ROW / 2;
        Lanes { width, height: self.y + ROW, bottom, lanes: self.lanes, ..self.done }
    }
}

/// As much of a text as there is room for.
fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(letters - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::HostName;
    use serde_json::json;

    fn host(name: &str) -> HostName {
        HostName::from(name)
    }

    fn trace(events: Vec<TraceEvent>) -> Vec<TraceRecord> {
        (0..).zip(events).map(|(n, event)| TraceRecord { n, t: n * 1_000_000, event }).collect()
    }

    fn sent(id: u64, to: &str) -> TraceEvent {
        TraceEvent::MessageSent {
            id,
            from: Address::Conductor,
            to: Address::Compute(host(to)),
            method: "prep_resize",
            server: model::ServerId(Default::default()),
            call: false,
            args: json!({}),
        }
    }

    fn delivered(id: u64, to: &str) -> TraceEvent {
        TraceEvent::MessageDelivered { id, to: Address::Compute(host(to)), method: "prep_resize" }
    }

    fn step() -> TraceEvent {
        TraceEvent::Step { number: 1, text: "resize web".to_owned() }
    }

    #[test]
    fn a_message_is_an_arrow_from_its_sender_and_a_bar_where_it_is_handled() {
        let picture = lanes(
            &trace(vec![
                step(),
                sent(1, "host1"),
                delivered(1, "host1"),
                TraceEvent::MessageHandled {
                    id: 1,
                    to: Address::Compute(host("host1")),
                    method: "prep_resize",
                    error: Some("no".to_owned()),
                },
            ]),
            &CloudState::default(),
        );
        let x = |name: &str| picture.lanes.iter().find(|lane| lane.name == name).unwrap().x;
        let row = picture.rows.iter().find(|row| row.text == "prep_resize").unwrap();
        assert_eq!(row.arrow, Some(Arrow { from: x("conductor"), to: x("host1") - BAR, lost: false }));
        let [bar] = &*picture.bars else { panic!("{:?}", picture.bars) };
        assert!(bar.bad);
        assert_eq!((bar.x, bar.y), (x("host1") - BAR, row.y));
        assert!(picture.rows.iter().any(|row| row.look == "bad" && row.text == "prep_resize failed: no"));
    }

    #[test]
    fn a_message_that_never_arrives_is_a_lost_arrow() {
        let picture =
            lanes(&trace(vec![step(), sent(1, "host1"), delivered(2, "host1")]), &CloudState::default());
        let row = picture.rows.iter().find(|row| row.look == "bad").unwrap();
        assert!(row.arrow.as_ref().unwrap().lost);
        assert_eq!(row.text, "prep_resize never reaches host1");
    }

    #[test]
    fn a_handler_that_does_not_end_reaches_down_to_the_end() {
        let picture = lanes(&trace(vec![step(), delivered(1, "host1"), step()]), &CloudState::default());
        assert!(picture.bars[0].bad);
        assert!(picture.bars[0].y + picture.bars[0].height > picture.rows.last().unwrap().y);
    }

    #[test]
    fn the_start_up_is_left_out_unless_a_fault_strikes_in_it() {
        let call = |n| TraceEvent::DriverResult {
            host: host("host1"),
            method: "init_host",
            n,
            outcome: json!({"error": "NovaException", "message": "no"}),
        };
        let fault = TraceEvent::FaultInjected {
            point: "host1:init_host#1".to_owned(),
            fault: "NovaException".to_owned(),
        };
        let quiet = lanes(&trace(vec![call(1), step()]), &CloudState::default());
        assert_eq!(quiet.rows.len(), 1);
        let struck = lanes(&trace(vec![fault, call(1), step()]), &CloudState::default());
        assert_eq!(struck.rows.len(), 3);
        assert_eq!(struck.rows[0].look, "fault");
    }

    #[test]
    fn a_time_stands_where_it_is_another_than_before() {
        let mut records = trace(vec![step(), step(), step()]);
        records[1].t = records[0].t;
        let picture = lanes(&records, &CloudState::default());
        let times: Vec<bool> = picture.rows.iter().map(|row| row.time.is_some()).collect();
        assert_eq!(times, [true, false, true]);
    }

    #[test]
    fn what_is_too_long_ends_with_dots() {
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("äbcdef", 5), "äbcd…");
    }
}
