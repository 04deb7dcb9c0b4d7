//! What a guest wrote to its console (`get_console_output`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{NovaError, ServerId};

impl ComputeManager {
    /// The last `tail_length` lines of the console; everything when no number is given.
    pub(super) async fn get_console_output(
        &self,
        context: &RequestContext,
        id: ServerId,
        tail_length: Option<i64>,
    ) -> Result<String, NovaError> {
        self.run(Operation::query(context, id), async {
            let server = self.services.records.server(id)?;
            let output = self.driver.get_console_output(virt_types::instance(&server)).await?;
            let output = String::from_utf8_lossy(&output);
            Ok(tail_length.map_or_else(|| output.to_string(), |length| tail(&output, length)))
        })
        .await
    }
}

/// The last `length` lines. As in Nova a negative number leaves out that many from the beginning.
fn tail(log: &str, length: i64) -> String {
    let lines: Vec<_> = log.split('\n').collect();
    let count = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
    let left_out = match length {
        0 => lines.len(),
        1.. => lines.len().saturating_sub(count),
        _ => count.min(lines.len()),
    };
    lines[left_out..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_of_a_console_is_its_last_lines() {
        let log = "one\ntwo\nthree";
        assert_eq!(tail(log, 2), "two\nthree");
        assert_eq!(tail(log, 9), log);
        assert_eq!(tail(log, 0), "");
        assert_eq!(tail(log, -1), "two\nthree");
        assert_eq!(tail(log, i64::MIN), "");
    }
}
