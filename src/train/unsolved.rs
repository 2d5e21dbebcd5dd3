//! Loss and gradient of a case for which nothing is solved: its graph holds the functional at the densities of the references, and
//! depends on the parameters alone.

use super::plan::Case;
use crate::graph::{Formula, LowerError, Routine};
use crate::ks::{KsError, device_error, functional_error};
use crate::tensor::{Backend, NoneTape, OwnedTape, Tape, Value, backward};
use std::sync::Arc;

/// A case without calculations. Threads share it.
#[derive(Debug)]
pub(super) struct Unsolved<'a> {
    case: &'a Case,
    formula: Formula,
    /// Whether the loss depends on the parameters at all.
    depends: bool,
}

impl<'a> Unsolved<'a> {
    /// Lowers the loss of a case.
    ///
    /// # Errors
    /// A loss that does not fit the grid of its systems.
    pub fn new(case: &'a Case) -> Result<Self, KsError> {
        let (system, loss) = (&case.systems[0], &case.loss);
        let routine = Arc::new(Routine::new(&loss.graph, &[loss.output]));
        let formula = Formula::new(&routine, &system.grid, &system.interaction);
        Ok(Self { case, formula: formula.map_err(|cause| unfit(case, &cause))?, depends: !loss.inputs.is_empty() })
    }

    /// The loss.
    ///
    /// # Errors
    /// A value that is not finite.
    pub fn loss<D: Backend>(&self, params: &[f64]) -> Result<f64, KsError> {
        let device = D::default();
        let params = Value::constant(&device, (1, 1, params.len()), params.to_vec()).map_err(device_error)?;
        Ok(self.judged(&params, NoneTape)?.0.first())
    }

    /// The loss and its gradient.
    ///
    /// # Errors
    /// A value that is not finite.
    pub fn loss_and_gradient<D: Backend>(&self, params: &[f64]) -> Result<(f64, Vec<f64>), KsError> {
        let device = D::default();
        let leaf = Value::leaf(&device, (1, 1, params.len()), params.to_vec()).map_err(device_error)?;
        let (loss, tape) = self.judged(&leaf, OwnedTape::default())?;
        if !self.depends {
            return Ok((loss.first(), vec![0.0; params.len()]));
        }
        let mut cotangents = backward(&loss, tape).map_err(device_error)?;
        let gradient = leaf.cotangent(&mut cotangents).map_err(device_error)?;
        match gradient.iter().all(|slope| slope.is_finite()) {
            true => Ok((loss.first(), gradient)),
            false => Err(self.not_finite("the gradient of the loss".into(), None)),
        }
    }

    fn judged<D: Backend, T: Tape<f64, D>>(&self, params: &Value<D>, tape: T) -> Result<(Value<D>, T), KsError> {
        let constants = self.formula.on(params.device()).map_err(|cause| unfit(self.case, &cause))?;
        let inputs: &[&Value<D>] = if self.depends { &[params] } else { &[] };
        let (mut found, tape) = self.formula.run(&constants, inputs, tape).map_err(|cause| unfit(self.case, &cause))?;
        match found.pop() {
            Some(value) if value.first().is_finite() => Ok((value, tape)),
            _ => Err(self.broken(&params.host())),
        }
    }

    /// The error for a loss that is not finite, with the operation that caused it.
    fn broken(&self, params: &[f64]) -> KsError {
        let inputs = if self.depends { vec![params.to_vec()] } else { Vec::new() };
        let Some((operation, at, span)) = self.case.broken_at(&inputs) else {
            return self.not_finite("the loss".into(), None);
        };
        let what = match operation.as_str() {
            "number" => "a number in the loss or the functional".to_owned(),
            operation => format!("`{operation}`{at}"),
        };
        self.not_finite(what, Some(span))
    }

    fn not_finite(&self, operation: String, place: Option<crate::source::Span>) -> KsError {
        KsError::NotFiniteUnsolved { operation, system: self.case.label(), place }
    }
}

fn unfit(case: &Case, cause: &LowerError) -> KsError {
    functional_error("loss", &case.systems[0], cause)
}
