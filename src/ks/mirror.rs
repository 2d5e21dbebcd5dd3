//! The mirror average as an operator on a tape.

use crate::model::Mirror;
use crate::tensor::{Backend, Tape, TensorError, Value, record_one};

/// P of a field `[1, points, 1]`. P is symmetric: its pullback is P.
pub(crate) fn mirrored<D: Backend, T: Tape<f64, D>>(
    mirror: Mirror,
    field: &Value<D>,
    tape: T,
) -> Result<(Value<D>, T), TensorError> {
    let average = mirror.average(&field.host());
    record_one(field.device(), &[field], field.dims(), average, tape, move |incoming, outgoing| {
        if let Some(into) = &mut outgoing[0] {
            into.add(mirror.average(incoming));
        }
    })
}
