//! CrossCellWeigher: a server that may leave its cell had better stay (`nova/scheduler/weights/cross_cell.py`).

use super::Weigher;
use model::{Options, RequestSpec};

pub(super) fn weigher<'a>(request: &'a RequestSpec, options: &Options) -> Weigher<'a> {
    let preferred = request.preferred_cell.as_ref();
    Weigher::new(
        "CrossCellWeigher",
        "cross_cell_move_weight_multiplier",
        options.cross_cell_move_weight_multiplier,
        move |state| match preferred {
            None => 0.0,
            Some(cell) if state.cell.as_ref() == Some(cell) => 1.0,
            Some(_) => -1.0,
        },
    )
}
