//! What services logged, and what went wrong in work that nobody waited for: the errors that messages between them ended
//! with.

use model::rpc::{Address, RequestContext};
use model::{NovaError, RequestId, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// Lines that are kept; the oldest go when there are more.
const MAX_LINES: usize = 1_000;

/// The lines and errors heard of.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    lines: VecDeque<String>,
    /// The first error of each request, while answers wait for the work of their requests.
    first: Option<BTreeMap<RequestId, NovaError>>,
}

impl Heard {
    /// Hears a line that a service logged.
    pub(crate) fn read(&mut self, at: Timestamp, service: &Address, level: &str, message: &str) {
        self.push(format!("{at} {} [{service}] {message}", level.to_uppercase()));
    }

    fn push(&mut self, line: String) {
        if self.lines.len() == MAX_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// Hears of an error.
    pub(crate) fn hear(&mut self, at: Timestamp, context: &RequestContext, error: &NovaError) {
        self.push(format!("{at} ERROR [{}] {}: {}", context.request, error.class.name(), error.text()));
        if let Some(first) = &mut self.first {
            first.entry(context.request.clone()).or_insert_with(|| error.clone());
            if first.len() > MAX_LINES {
                // Of so many requests some are over, and nobody asks for their errors any more.
                first.pop_first();
            }
        }
    }

    /// From now on the first error of each request is kept until it is taken.
    pub(crate) fn keep_first(&mut self) {
        self.first.get_or_insert_default();
    }

    /// Whether it is.
    pub(crate) fn keeps_first(&self) -> bool {
        self.first.is_some()
    }

    /// The first error of a request.
    pub(crate) fn take_first(&mut self, request: &RequestId) -> Option<NovaError> {
        self.first.as_mut()?.remove(request)
    }

    /// How many lines are kept.
    pub(crate) fn lines(&self) -> usize {
        self.lines.len()
    }

    /// How many errors are kept for answers.
    pub(crate) fn errors(&self) -> usize {
        self.first.as_ref().map_or(0, BTreeMap::len)
    }

    /// The lines, oldest first.
    pub(crate) fn log(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}
