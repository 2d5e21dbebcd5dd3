//! Nuclei and interactions, the parts of systems.

use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, constant, example, function, optional, required, shown};
use crate::interp::error::{Placed, fail};
use crate::interp::value::{Value, text};
use crate::interp::verbs::system_in;
use crate::lang::Dimension;
use crate::lang::Kind;
use crate::model::{Interaction, Part};
use crate::problem::Result;
use std::sync::Arc;

pub(crate) const ALL: &[Builtin] = &[
    function(
        "nucleus",
        &[required("charge", &[Kind::Number])],
        &[Kind::Record],
        "a nucleus with any charge, to be placed in a system: `nucleus(1.5) at 0`",
        &["atom", "charge", "element"],
        &[example("nucleus(2.5).charge", "2.5")],
        |_, args| {
            let charge = args.number("charge")?;
            let symbol = Value::text(format!("Z={}", text::number(charge)));
            Ok(Value::record([("symbol", symbol), ("charge", Value::plain(charge))]))
        },
    ),
    function(
        "with_electrons",
        &[
            required("system", &[Kind::System, Kind::Reference, Kind::Run]),
            required("electrons", &[Kind::Number]),
            optional("unpaired", &[Kind::Number], DefaultValue::Absent("by parity")),
            optional("name", &[Kind::Text], DefaultValue::Absent("from the system and its electrons")),
        ],
        &[Kind::System],
        "the same system with a different number of electrons, such as an ion",
        &["ion", "ionise", "ionize", "cation", "anion", "charge", "unpaired"],
        &[
            example(
                "grid g = uniform(points: 65, spacing: 0.3)\nsystem he on g { He at 0 }\nwith_electrons(he, 1).name",
                "\"he with 1 electron\"",
            ),
            example(
                "grid g = uniform(points: 65, spacing: 0.3)\nsystem he on g { He at 0 }\nwith_electrons(he, 2, unpaired: 2, name: \"triplet\").name",
                "\"triplet\"",
            ),
        ],
        with_electrons,
    ),
    function(
        "exponential",
        &[
            optional(
                "amplitude",
                &[Kind::Measured(Dimension::ENERGY)],
                DefaultValue::Number(Interaction::BAKER_AMPLITUDE),
            ),
            optional(
                "kappa",
                &[Kind::Measured(Dimension::PER_LENGTH)],
                DefaultValue::Value("1 / 2.385345", || Value::plain(Interaction::BAKER_KAPPA)),
            ),
        ],
        &[Kind::Interaction],
        "the interaction amplitude * exp(-kappa |r|), by default that of Baker et al., Phys. Rev. B 91, 235141 (2015), which is \
         the default of every system",
        &["interaction", "repulsion", "coulomb", "yukawa"],
        &[example("exponential(amplitude: 2)(0)", "2"), shown("exponential()")],
        exponential,
    ),
    constant(
        "none",
        &[Kind::Interaction],
        "no interaction: independent electrons",
        &["interaction", "free", "non-interacting"],
        &[example("none(1)", "0")],
        || Value::Interaction(Interaction::None),
    ),
];

fn exponential(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let amplitude = args.dimensioned("amplitude", Dimension::ENERGY)?;
    let kappa = args.dimensioned("kappa", Dimension::PER_LENGTH)?;
    if !(amplitude.is_finite() && kappa > 0.0 && kappa.is_finite()) {
        let message = "an exponential interaction needs a finite amplitude and a positive kappa";
        return args.wrong(args.span, message, Some("`kappa` is the inverse of its range".into()));
    }
    Ok(Value::Interaction(Interaction::Exponential { amplitude, kappa }))
}

fn with_electrons(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let system = system_in(&args.arg("system")?.value, args.span_of("system"), &args.what("system"))?;
    let unpaired = if args.has("unpaired") { Some(args.number("unpaired")?) } else { None };
    let name = args.opt_text("name")?.map(|name| name.to_string());
    let changed = system.with_electrons(name, args.number("electrons")?, unpaired).or_else(|error| {
        let span = args.span_of(if error.part() == Part::Unpaired { "unpaired" } else { "electrons" });
        fail(Placed::new(error, span, "here"), span)
    })?;
    Ok(Value::System(Arc::new(changed)))
}
