use super::*;

fn parts() -> Parts {
    Parts {
        label: "h2(1.6)".into(),
        grid: Arc::new(Grid::centred(513, 0.08)),
        interaction: Interaction::BAKER,
        nuclei: vec![h(-0.8), h(0.8)],
        potential: None,
        electrons: None,
        charge: None,
        unpaired: None,
    }
}

fn h(position: f64) -> Nucleus {
    Nucleus { symbol: "H".into(), charge: 1.0, position }
}

fn build(parts: Parts) -> Result<(System, Vec<SystemNote>), SystemError> {
    let mut never = |r: f64| Err::<f64, f64>(r);
    System::build(parts, &mut never).map_err(|e| match e {
        BuildError::System(e) => e,
        BuildError::Interaction(r) => panic!("asked for w({r})"),
    })
}

#[test]
fn a_neutral_molecule() {
    let (system, notes) = build(parts()).expect("a system");
    assert_eq!((system.electrons, system.unpaired, system.spins()), (2, 0, (1, 1)));
    assert!(notes.is_empty());
    assert!((system.nuclear_repulsion - 1.071295 * (-1.6_f64 / 2.385345).exp()).abs() < 1e-15);
    assert!((system.potential[256] + 2.0 * 1.071295 * (-0.8_f64 / 2.385345).exp()).abs() < 1e-13);
    assert!(system.mirror().is_ok());
}

#[test]
fn the_sampled_interaction_asks_the_users_function() {
    let mut soft = |r: f64| Ok::<_, ()>(1.0 / (r * r + 1.0).sqrt());
    let grid = Grid::centred(101, 0.2);
    let interaction = Interaction::sample("soft", &grid, &mut soft).expect("no failure");
    let (system, notes) = System::build(
        Parts { grid: Arc::new(grid), interaction, nuclei: vec![h(-0.73), h(0.73)], ..parts() },
        &mut soft,
    )
    .expect("a system");
    assert_eq!(system.nuclear_repulsion, 1.0 / (1.46_f64 * 1.46 + 1.0).sqrt());
    // No cusp, no note.
    assert!(notes.is_empty(), "{notes:?}");
    let mut broken = |_: f64| Err::<f64, _>("broken");
    let failed = System::build(Parts { nuclei: vec![h(0.0)], ..parts_of(&system) }, &mut broken);
    assert_eq!(failed, Err(BuildError::Interaction("broken")));
}

fn parts_of(system: &System) -> Parts {
    Parts { grid: system.grid.clone(), interaction: system.interaction.clone(), ..parts() }
}

#[test]
fn nuclei_between_points_are_noted() {
    let (_, notes) = build(Parts { nuclei: vec![h(-0.8), h(0.84)], ..parts() }).expect("a system");
    let [SystemNote::BetweenPoints { index: 1, error, nearest, .. }] = notes[..] else { panic!("{notes:?}") };
    assert!((error - 0.29e-3).abs() < 0.01e-3);
    assert!((nearest - 0.88).abs() < 1e-12);
    let rounded = vec![h(f64::from(-0.8_f32)), h(f64::from(0.8_f32))];
    assert!(build(Parts { nuclei: rounded, ..parts() }).expect("a system").1.is_empty());
}

#[test]
fn electrons_follow_from_charges() {
    let cation = build(Parts { charge: Some(1.0), ..parts() }).expect("a system").0;
    assert_eq!((cation.electrons, cation.unpaired), (1, 1));
    let triplet = build(Parts { unpaired: Some(2.0), ..parts() }).expect("a system").0;
    assert_eq!(triplet.spins(), (2, 0));
    let anion = build(Parts { electrons: Some(3.0), ..parts() }).expect("a system").0;
    assert_eq!(anion.spins(), (2, 1));
}

#[test]
fn impossible_counts_are_refused() {
    let refused = |parts: Parts| build(parts).expect_err("an error");
    assert_eq!(refused(Parts { electrons: Some(2.0), charge: Some(0.0), ..parts() }), SystemError::ElectronsAndCharge);
    assert_eq!(refused(Parts { electrons: Some(0.0), ..parts() }), SystemError::Electrons { electrons: 0.0 });
    assert_eq!(refused(Parts { electrons: Some(1.5), ..parts() }), SystemError::Electrons { electrons: 1.5 });
    assert!(matches!(refused(Parts { electrons: Some(f64::NAN), ..parts() }), SystemError::Electrons { .. }));
    assert!(matches!(refused(Parts { charge: Some(2.0), ..parts() }), SystemError::Charge { electrons: 0.0, .. }));
    assert_eq!(refused(Parts { nuclei: vec![], ..parts() }), SystemError::NoElectrons);
    let unpaired = refused(Parts { unpaired: Some(1.0), ..parts() });
    assert_eq!(unpaired, SystemError::Unpaired { electrons: 2, unpaired: 1.0, possible: "0 or 2".into() });
    assert_eq!(unpaired.part(), Part::Unpaired);
    let crowd = refused(Parts { electrons: Some(1100.0), ..parts() });
    assert_eq!(crowd, SystemError::TooManyElectrons { electrons: 550, points: 513 });
    assert_eq!(possible(9), "1, 3, … or 9");
    assert_eq!(possible(999_999_999_999), "1, 3, … or 999999999999");
    assert_eq!(possible(7), "1, 3, 5 or 7");
    assert_eq!(possible(1), "1");
}

#[test]
fn bad_nuclei_and_potentials_are_refused() {
    let refused = |parts: Parts| build(parts).expect_err("an error");
    let outside = refused(Parts { nuclei: vec![h(0.0), h(21.0)], ..parts() });
    assert_eq!(outside.part(), Part::Nucleus(1));
    assert!(outside.to_string().contains("from -20.48 to 20.48"), "{outside}");
    let free = refused(Parts { interaction: Interaction::None, ..parts() });
    assert_eq!(free, SystemError::NucleiWithoutInteraction { index: 0 });
    let short = refused(Parts { potential: Some(vec![0.0; 3]), ..parts() });
    assert_eq!(short, SystemError::PotentialLength { given: 3, points: 513 });
    let mut infinite = vec![0.0; 513];
    infinite[256] = f64::NEG_INFINITY;
    assert!(matches!(refused(Parts { potential: Some(infinite), ..parts() }), SystemError::PotentialNotFinite { .. }));
    let bare = Interaction::Sampled { name: "bare".into(), kernel: vec![f64::INFINITY; 513].into() };
    assert!(matches!(refused(Parts { interaction: bare, ..parts() }), SystemError::InteractionNotFinite { .. }));
    let negative = Nucleus { charge: -1.0, ..h(0.0) };
    assert!(matches!(refused(Parts { nuclei: vec![negative], ..parts() }), SystemError::NuclearCharge { .. }));
}

#[test]
fn nuclei_and_a_potential_add_up() {
    let only = build(parts()).expect("a system").0;
    let both = build(Parts { potential: Some(vec![0.25; 513]), ..parts() }).expect("a system").0;
    assert!(only.potential.iter().zip(both.potential.iter()).all(|(a, b)| (b - a - 0.25).abs() < 1e-15));
}

#[test]
fn lopsided_systems_have_no_mirror() {
    use crate::model::MirrorError;
    let off = build(Parts { nuclei: vec![h(-0.8), h(0.83)], ..parts() }).expect("a system").0;
    assert!(matches!(off.mirror(), Err(MirrorError::Centre { .. })));
    // Wherever its centre is, no other place helps.
    for second in [0.8, 0.83] {
        let helium = Nucleus { symbol: "He".into(), charge: 2.0, position: -0.8 };
        let heh = build(Parts { nuclei: vec![helium, h(second)], ..parts() }).expect("a system").0;
        assert!(matches!(heh.mirror(), Err(MirrorError::Nuclei { .. })));
    }
    let slope: Vec<f64> = (0..513).map(|i| 1e-3 * f64::from(i)).collect();
    let tilted = build(Parts { nuclei: vec![h(-0.8), h(0.8)], potential: Some(slope), ..parts() }).expect("a system").0;
    assert!(matches!(tilted.mirror(), Err(MirrorError::Lopsided { .. })));
    let shifted = build(Parts { nuclei: vec![h(-0.72), h(0.8)], ..parts() }).expect("a system").0;
    assert!(shifted.mirror().is_ok());
}
