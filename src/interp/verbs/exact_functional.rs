//! `exact_functional()`: what `solve`, `energy` and `potential` do with it.

use super::invert::in_proportion;
use super::probe::density_field;
use super::scf;
use super::solve::{BROKEN_SPIN, only, settled, start_of};
use super::task::{Task, TaskError, key_of};
use crate::control::Control;
use crate::exact::functional::{self, AtDensity, ExactFunctional, FunctionalError, MOST_ELECTRONS, NAME};
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, function, shown};
use crate::interp::error::{Placed, TraceError, fail};
use crate::interp::value::{Field, Quantity, Solved, Trust, Value};
use crate::ks::{InversionError, whole_electrons};
use crate::lang::Kind;
use crate::model::{Grid, Interaction, System};
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) const EXACT_FUNCTIONAL: &[Builtin] = &[function(
    "exact_functional",
    &[],
    &[Kind::ExactFunctional],
    "the exact exchange-correlation functional, for up to four electrons (and any number without interaction): not a formula, but two \
     inversions at every density, one of electrons that interact and one of electrons that do not, v_xc = v_s - v - v_H (L. O. Wagner et \
     al., Phys. Rev. B 90, 045109 (2014)). For `with:` of `solve`, whose result then is the exact density and energy, and for `energy` \
     and `potential` at a density. Highest levels are minus ionisation energies, which fixes the constant in the potential",
    &["exact", "exchange-correlation", "kohn-sham", "inversion", "wagner", "universal functional"],
    &[shown(
        "grid g = uniform(points: 97, spacing: 0.2)\nsystem he on g { He at 0 }\n\
         solve(he, with: exact_functional()).energy - exact(he).energy",
    )],
    |_, _| Ok(Value::ExactFunctional),
)];

/// The residual of the inversions for `energy` and `potential`, electrons.
const RESIDUAL: f64 = 1e-9;

/// Vectors of the size of a wave function that are held at the same time.
const WAVE_FUNCTIONS: u64 = 40;

/// Options of `solve` that say nothing to the exact functional, and why.
const WITHOUT_MEANING: [(&str, &str); 2] = [
    ("symmetric", "densities of a system that is its own mirror image on the grid stay symmetric by themselves"),
    ("remedies", "with the exact functional there is nothing else to try than smaller steps"),
];

/// Whether a call is given the exact functional.
pub(super) fn given(args: &Args, name: &str) -> bool {
    matches!(args.get(name).map(|arg| &arg.value), Some(Value::ExactFunctional))
}

/// `solve(system, with: exact_functional())`.
pub(super) fn task(interp: &mut Interpreter, args: &Args, system: &Arc<System>, together: u64) -> Result<Task> {
    let span = args.span;
    interp.outside_bodies(span)?;
    scf::refuse(args, &WITHOUT_MEANING, &format!("does not apply to `{NAME}`"))?;
    if matches!(args.get("start").map(|arg| &arg.value), Some(Value::Str(word)) if **word == *BROKEN_SPIN) {
        let message = format!("`start: {BROKEN_SPIN}` does not apply to `{NAME}`");
        let help = "the exact density of a singlet is the same for both spins, also of a stretched bond";
        return args.wrong(args.span_of("start"), message, Some(help.into()));
    }
    let options = scf::from_args(args, None)?;
    ExactFunctional::check(system).or_else(|error| failed(error, args, "system"))?;
    interp.afford_wave_functions(system, options.iterations, together, span)?;
    let (start, system) = (start_of(args, system)?, system.clone());
    let device = interp.options.device;
    let key = interp.shared_key(|| key_of("exact functional", device, &system, &options, Some(&start)));
    let of = system.clone();
    let work = move |control: &dyn Control| {
        let found = functional::solve(&system, &options, &start, control);
        found.map(|run| vec![run]).map_err(TaskError::Functional)
    };
    let task = Task::new(key, of, work, |interp, args, runs| {
        let run = only(settled(interp, args, runs)?, args)?;
        Ok(Solved::new(run, Value::ExactFunctional))
    });
    Ok(task.in_place())
}

/// The exact functional at the densities of a call.
pub(super) struct Probed {
    grid: Arc<Grid>,
    at: AtDensity,
    /// Whether both spins were given.
    spins: bool,
    doubt: bool,
}

impl Probed {
    /// E_xc.
    pub fn energy(&self) -> Value {
        Value::Number(Quantity::energy(self.at.xc_energy).trusted(Trust::of(!self.doubt, None)))
    }

    /// v_xc.
    pub fn potential(self) -> Value {
        let Self { grid, at, spins, doubt } = self;
        let field = |v: Vec<f64>| Value::Field(Rc::new(Field::simple(grid.clone(), v).doubted(doubt)));
        let [up, down] = at.xc_potential.map(field);
        if spins { Value::record([("up", up), ("down", down)]) } else { up }
    }
}

/// `energy(exact_functional(), n)`, `potential(exact_functional(), n)`.
pub(super) fn probed(interp: &mut Interpreter, args: &Args) -> Result<Probed> {
    let span = args.span;
    interp.outside_bodies(span)?;
    let first = density_field(args, "n")?;
    let second = if args.has("n_down") { Some(density_field(args, "n_down")?) } else { None };
    let grid = first.grid.clone();
    if second.as_ref().is_some_and(|second| *second.grid != *grid) {
        let place = args.span_of("n_down");
        return fail(TraceError::Grids { span: place }, place);
    }
    let interaction = interp.interaction_of(args, &grid)?;
    let count = |n: &[f64], name: &str| {
        whole_electrons(&grid, n, None).or_else(|error| {
            let place = args.span_of(name);
            fail(Placed::new(error, place, "this density"), place)
        })
    };
    let up = count(&first.data, "n")?;
    let (spins, electrons) = match &second {
        Some(second) => ([first.data.clone(), second.data.clone()], [up, count(&second.data, "n_down")?]),
        // One electron has a spin; of an even number the density is that of a singlet.
        None => {
            let electrons = up;
            if electrons > 1 && electrons % 2 == 1 && electrons <= MOST_ELECTRONS && interaction != Interaction::None {
                return failed(FunctionalError::Spins { electrons }, args, "n");
            }
            let (up, down) = (electrons.div_ceil(2), electrons / 2);
            (in_proportion(&first.data, [up, down]), [up, down])
        }
    };
    // Electrons of more down spin are those of more up spin, with names exchanged.
    let turned = electrons[1] > electrons[0];
    let order = |[up, down]: [Vec<f64>; 2]| if turned { [down, up] } else { [up, down] };
    let system = of_density(&grid, interaction, electrons);
    let mut functional = ExactFunctional::new(&system, false).or_else(|error| failed(error, args, "n"))?;
    interp.afford_wave_functions(&system, 1, 1, span)?;
    let found = functional.at(&order(spins), RESIDUAL, &interp.control());
    interp.check_interrupt(span)?;
    let mut at = found.or_else(|error| failed(error, args, "n"))?;
    at.xc_potential = order(at.xc_potential);
    let doubt = first.unconverged || second.as_ref().is_some_and(|second| second.unconverged);
    Ok(Probed { grid, at, spins: second.is_some(), doubt })
}

/// The electrons of a density, in no potential.
fn of_density(grid: &Arc<Grid>, interaction: Interaction, electrons: [usize; 2]) -> System {
    System {
        label: "a density".to_owned(),
        grid: grid.clone(),
        interaction,
        nuclei: Vec::new(),
        potential: vec![0.0; grid.points].into(),
        nuclear_repulsion: 0.0,
        electrons: electrons[0] + electrons[1],
        unpaired: electrons[0].abs_diff(electrons[1]),
    }
}

/// An error at the argument that it is about.
pub(super) fn failed<T>(error: FunctionalError, args: &Args, of_density: &str) -> Result<T> {
    use FunctionalError::{Electrons, Inversion, Points, Spins};
    let limit = matches!(error, Electrons { .. } | Points { .. } | Spins { .. } | Inversion(InversionError::Empty));
    let place = if limit || error.of_density() { args.span_of(of_density) } else { args.span };
    fail(Placed::new(error, place, "here"), place)
}

impl Interpreter {
    /// Refuses the exact functional where everything is traced.
    fn outside_bodies(&self, span: Span) -> Result<()> {
        if self.traces.is_empty() && self.in_loss == 0 {
            return Ok(());
        }
        let message =
            format!("`{NAME}` cannot be part of a functional or a loss: it is not a formula, and has no derivative");
        fail(crate::interp::error::RunError::Value { message, help: None, span }, span)
    }

    /// Asks for the memory of wave functions, and of the densities of all iterations, of calculations done together.
    fn afford_wave_functions(&mut self, system: &System, iterations: usize, together: u64, span: Span) -> Result<()> {
        let points = system.grid.points as u64;
        let axes = if system.interaction == Interaction::None { 1 } else { system.electrons.clamp(1, MOST_ELECTRONS) };
        let numbers = points.saturating_pow(axes as u32);
        let bytes =
            (8 * WAVE_FUNCTIONS).saturating_mul(numbers).saturating_add(8 * points.saturating_mul(iterations as u64));
        self.afford(together.saturating_mul(bytes), "this calculation with the exact functional", span)
    }
}
