//! Grids.

use crate::interp::Interpreter;
use crate::interp::call::{
    Args, Builtin, DefaultValue, constant, dimensioned, example, function, optional, required, shown,
};
use crate::interp::error::{Placed, RunError, fail};
use crate::interp::value::{Operand, Value, text};
use crate::lang::Dimension;
use crate::lang::Kind;
use crate::model::{Grid, Wall};
use crate::problem::Result;
use std::cmp::Ordering;
use std::sync::Arc;

/// The boundary conditions of a grid.
pub(super) const WALL: Kind = Kind::Word(&["zero", "odd"]);

pub(crate) const ALL: &[Builtin] = &[
    function(
        "uniform",
        &[
            optional("points", &[Kind::Whole], DefaultValue::Absent("none")),
            optional("spacing", &[Kind::Measured(Dimension::LENGTH)], DefaultValue::Absent("none")),
            optional("from", &[Kind::Measured(Dimension::LENGTH)], DefaultValue::Absent("none")),
            optional("to", &[Kind::Measured(Dimension::LENGTH)], DefaultValue::Absent("none")),
            optional("stencil", &[Kind::Whole], DefaultValue::Number(5.0)),
            optional("wall", &[WALL], DefaultValue::Word("zero")),
        ],
        &[Kind::Grid],
        "an equally spaced grid: points a given spacing apart, centred on 0, or from one end to the other; `wall: odd` \
         puts hard walls at `from` and `to`, one spacing outside the first and last point",
        &["mesh", "points", "box"],
        &[
            example("uniform(points: 513, spacing: 0.08 bohr).to", "20.48"),
            example("uniform(from: 0, to: 1, points: 11).spacing", "0.1"),
            example("uniform(from: 0, to: 1, spacing: 0.25).points", "5"),
            example("uniform(from: 0, to: 1, points: 9, wall: odd).from", "0.1"),
        ],
        uniform,
    ),
    function(
        "snap",
        &[required("x", &[Kind::Measured(Dimension::LENGTH), Kind::List]), required("grid", &[Kind::Grid])],
        &[Kind::Measured(Dimension::LENGTH), Kind::List],
        "the grid point nearest to a coordinate; in a tie, the one on the right",
        &["round", "nearest", "align"],
        &[
            example("snap(0.05, uniform(points: 513, spacing: 0.08))", "0.08"),
            shown("let line = uniform(points: 101, spacing: 0.1)\nsnap([0.12, 0.14] -> bohr, line)"),
        ],
        |_, args| {
            let grid = args.grid("grid")?;
            snap(args.operand("x")?, &grid)
        },
    ),
    constant(
        "zero",
        &[Kind::Text],
        "a wall of `uniform`: orbitals are zero at every point outside the grid",
        &["wall", "boundary"],
        &[example("uniform(points: 9, spacing: 1, wall: zero).wall", "\"zero\"")],
        || Value::text("zero"),
    ),
    constant(
        "odd",
        &[Kind::Text],
        "a wall of `uniform`: orbitals are zero one spacing outside the ends and continue there as odd functions",
        &["wall", "boundary", "hard"],
        &[example("uniform(points: 9, spacing: 1, wall: odd).wall", "\"odd\"")],
        || Value::text("odd"),
    ),
];

fn uniform(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let wall = match args.opt_text("wall")?.as_deref() {
        None | Some("zero") => Wall::Zero,
        Some("odd") => Wall::Odd,
        Some(_) => return args.wrong(args.span_of("wall"), "`wall` of `uniform` must be `zero` or `odd`", None),
    };
    let length = |name: &str| args.has(name).then(|| args.dimensioned(name, Dimension::LENGTH)).transpose();
    let (from, to, spacing) = (length("from")?, length("to")?, length("spacing")?);
    if let (Some(a), Some(b)) = (from, to)
        && a.partial_cmp(&b) != Some(Ordering::Less)
        && (spacing.is_some() || a.is_nan() || b.is_nan())
    {
        let message =
            format!("`from` of `uniform` must be below `to`, not {} and {}", text::number(a), text::number(b));
        return args.wrong(args.span_of("from").to(args.span_of("to")), message, None);
    }
    if let Some(h) = spacing.filter(|h| !(*h > 0.0 && h.is_finite())) {
        let message = format!("`spacing` of `uniform` must be positive, not {}", text::number(h));
        return args.wrong(args.span_of("spacing"), message, None);
    }
    let points = args.has("points").then(|| args.whole("points")).transpose()?;
    let grid = match (points, spacing, from, to) {
        (Some(points), Some(spacing), None, None) => Grid::centred(points, spacing),
        (Some(points), Some(spacing), Some(from), None) => Grid { start: from, ..Grid::centred(points, spacing) },
        (Some(points), None, Some(from), Some(to)) if wall == Wall::Odd => Grid::between_walls(from, to, points),
        (Some(points), None, Some(from), Some(to)) => Grid::between(from, to, points),
        (None, Some(spacing), Some(from), Some(to)) => {
            let steps = (to - from) / spacing;
            if (steps - steps.round()).abs() > 1e-6 {
                let help = Some("give `points` instead of `spacing`, or change an end".to_string());
                return args.wrong(args.span_of("spacing"), "the spacing does not divide the interval evenly", help);
            }
            let inside = if wall == Wall::Odd { -1.0 } else { 1.0 };
            let points = (steps.round() + inside).max(0.0) as usize;
            if wall == Wall::Odd { Grid::between_walls(from, to, points) } else { Grid::between(from, to, points) }
        }
        _ => {
            let message = "`uniform` needs `points` and `spacing`, or `from` and `to` with `points` or `spacing`";
            let help = Some("as in `uniform(points: 513, spacing: 0.08 bohr)`".to_string());
            return args.wrong(args.span, message, help);
        }
    };
    let grid = grid.with_wall(wall).with_stencil(args.whole("stencil")?);
    match grid.validate() {
        Ok(()) => Ok(Value::Grid(Arc::new(grid))),
        Err(error) => fail(Placed::new(error, args.span, "this grid"), args.span),
    }
}

fn snap(x: Operand<'_>, grid: &Grid) -> Result<Value> {
    match x.value {
        Value::List(items) => {
            let each = |v| snap(Operand::new(v, x.span), grid);
            items.iter().map(each).collect::<Result<Vec<_>>>().map(Value::list)
        }
        _ => {
            let place = dimensioned(x, Dimension::LENGTH, "`x` of `snap`")?;
            if place.is_finite() {
                return Ok(Value::length(grid.snap(place)));
            }
            let message = format!("`x` of `snap` must be finite, not {}", text::number(place));
            fail(RunError::Value { message, help: None, span: x.span }, x.span)
        }
    }
}
