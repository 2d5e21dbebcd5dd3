use super::*;
use crate::control::Quiet;
use crate::data::Layout;
use crate::exact::{Options, solve};

fn nothing(_: f64) -> Result<f64, ()> {
    Err(())
}

fn choice() -> Choice {
    Choice { points: None, stencil: 5, wall: Wall::Zero }
}

/// A nucleus with electrons, on 161 points.
fn ion(charge: f64, electrons: usize) -> Reference {
    let grid = Arc::new(Grid::centred(161, 0.16));
    let parts = Parts {
        label: format!("ion({charge}, {electrons})"),
        grid,
        interaction: Interaction::BAKER,
        nuclei: vec![Nucleus { symbol: "X".into(), charge, position: 0.32 }],
        potential: None,
        electrons: Some(electrons as f64),
        charge: None,
        unpaired: None,
    };
    let (system, _) = System::build(parts, &mut nothing).unwrap();
    solve(&Arc::new(system), &Options::default(), &Quiet).unwrap()
}

fn sample(reference: &Reference) -> Sample<'_> {
    let Reference { system, energy, density, .. } = reference;
    Sample {
        system,
        energy: *energy,
        density,
        spins: reference.spins(),
        distance: reference.distance(),
        converged: true,
    }
}

fn ions() -> Layout {
    layout(&[sample(&ion(1.0, 1)), sample(&ion(2.0, 2))]).unwrap().0
}

fn read(layout: Layout) -> Result<(Vec<Reference>, Vec<DatasetWarning>), DatasetError> {
    let mut set = Dataset::new("set", layout, &choice())?;
    let mut references = Vec::new();
    for index in 0..set.len() {
        match set.reference(index, &Interaction::BAKER, &mut nothing) {
            Ok((reference, _)) => references.push(reference),
            Err(Failed::Data(error)) => return Err(error),
            Err(Failed::Interaction(())) => unreachable!("closed"),
        }
    }
    Ok((references, set.warnings()))
}

#[test]
fn a_saved_set_is_read_back() {
    let solved = [ion(1.0, 1), ion(2.0, 2)];
    let (read, warnings) = read(ions()).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    for (solved, read) in solved.iter().zip(&read) {
        let (a, b) = (&solved.system, &read.system);
        assert_eq!((&a.grid, &a.potential, &a.label), (&b.grid, &b.potential, &b.label));
        assert_eq!((a.electrons, a.unpaired, a.nuclear_repulsion), (b.electrons, b.unpaired, b.nuclear_repulsion));
        assert_eq!((solved.energy.to_bits(), &solved.density), (read.energy.to_bits(), &read.density));
        assert!(read.spins() && read.error.is_nan() && read.occupations.is_none());
    }
}

/// Three electrons, one unpaired, with some spin density.
fn polarised() -> ([Vec<f64>; 2], Reference) {
    let one = ion(3.0, 1);
    let two = ion(3.0, 2);
    let up: Vec<f64> = two.density[0].iter().zip(&one.density[0]).map(|(a, b)| a + b).collect();
    let density = [up, two.density[1].clone()];
    let system = System { electrons: 3, unpaired: 1, ..(*two.system).clone() };
    (density.clone(), Reference { system: Arc::new(system), density, ..two })
}

#[test]
fn spin_densities_come_back_and_their_sum_bit_by_bit() {
    let (density, reference) = polarised();
    let (saved, notes) = layout(&[sample(&reference)]).unwrap();
    assert!(saved.spin_densities.is_some() && notes.is_empty());
    let mut without = saved.clone();
    let (back, _) = read(saved.clone()).unwrap();
    let sum = |d: &[Vec<f64>; 2]| d[0].iter().zip(&d[1]).map(|(a, b)| a + b).collect::<Vec<f64>>();
    assert_eq!(sum(&back[0].density), sum(&density));
    let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-15);
    assert!(close(&back[0].density[0], &density[0]) && close(&back[0].density[1], &density[1]));
    // Saving again changes nothing further.
    let (again, _) = layout(&[sample(&back[0])]).unwrap();
    assert_eq!((&again.spin_densities, &again.densities), (&saved.spin_densities, &saved.densities));
    without.spin_densities = None;
    let (back, _) = read(without).unwrap();
    assert!(!back[0].spins());
    assert_eq!(sum(&back[0].density), sum(&density));
    let (_, notes) = layout(&[sample(&back[0]), sample(&reference)]).unwrap();
    assert!(matches!(notes[..], [SaveNote::NoSpin { .. }]));
    let mut wrong = saved;
    wrong.spin_densities.iter_mut().flatten().flatten().for_each(|m| *m = 0.0);
    let (back, warnings) = read(wrong).unwrap();
    assert!(!back[0].spins() && matches!(warnings[..], [DatasetWarning::Spin { index: 0, .. }]));
}

#[test]
fn densities_must_have_the_right_number_of_electrons() {
    let off = |factor: f64| {
        let mut layout = ions();
        layout.densities[1].iter_mut().for_each(|n| *n *= factor);
        read(layout)
    };
    assert!(off(1.0 + 1e-6).unwrap().1.is_empty());
    assert!(matches!(off(1.0001).unwrap().1[..], [DatasetWarning::Electrons { index: 1, .. }]));
    assert!(matches!(off(1.001), Err(DatasetError::Electrons { index: 1, .. })));
}

#[test]
fn a_potential_of_other_nuclei_is_used_with_a_warning() {
    let mut layout = ions();
    let given: Vec<f64> = layout.potentials.as_ref().unwrap()[0].iter().map(|v| v + 1e-3).collect();
    layout.potentials.as_mut().unwrap()[0] = given.clone();
    let (references, warnings) = read(layout.clone()).unwrap();
    assert_eq!(*references[0].system.potential, given);
    assert!(
        matches!(warnings[..], [DatasetWarning::Potential { index: 0, count: 1, systems: 2, off, .. }] if (off - 1e-3).abs() < 1e-12)
    );
    layout.charges = vec![vec![], vec![0.0]];
    let (bare, warnings) = read(layout.clone()).unwrap();
    assert!(warnings.is_empty() && bare[0].system.nuclei.is_empty());
    assert_eq!(*bare[0].system.potential, given);
    layout.potentials = None;
    assert!(matches!(read(layout), Err(DatasetError::NoPotential { index: 0 })));
}

#[test]
fn single_precision_is_corrected() {
    let single = |row: &mut Vec<f64>| row.iter_mut().for_each(|x| *x = f64::from(*x as f32));
    let exact = ions();
    let mut layout = exact.clone();
    [&mut layout.grid].into_iter().chain(&mut layout.densities).chain(&mut layout.locations).for_each(single);
    layout.potentials.iter_mut().flatten().for_each(single);
    (layout.grid_single, layout.potentials_single) = (true, true);
    let (references, warnings) = read(layout).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let system = &references[1].system;
    assert_eq!(*system.grid, Grid::centred(161, 0.16));
    let wanted = exact.potentials.unwrap();
    let off = system.potential.iter().zip(&wanted[1]).map(|(a, b)| (a - b).abs());
    assert!(off.fold(0.0, f64::max) < 2e-8);
    // Despite rounding, the nucleus counts as being on its point.
    assert!(system.nuclei[0].position != 0.32 && system.mirror().is_ok());
}

#[test]
fn the_middle_of_a_grid() {
    let middle = |points: usize| {
        let mut set = Dataset::new("set", ions(), &Choice { points: Some(points), ..choice() })?;
        let made = set.reference(0, &Interaction::BAKER, &mut nothing);
        let Ok((reference, _)) = made else { panic!("{made:?}") };
        Ok((reference, set.warnings()))
    };
    let (reference, warnings) = middle(141).unwrap();
    assert_eq!(*reference.system.grid, Grid::centred(141, 0.16));
    assert!(warnings.is_empty() && (reference.system.grid.integrate(&reference.density[0]) - 1.0).abs() < 1e-5);
    // The published programs remove one more on the right.
    let (reference, _) = middle(140).unwrap();
    assert!((reference.system.grid.start + 70.0 * 0.16).abs() < 1e-12);
    let (_, warnings) = middle(65).unwrap();
    assert!(
        matches!(warnings[..], [DatasetWarning::Cut { points: 65, .. }, ..] | [.., DatasetWarning::Cut { .. }]),
        "{warnings:?}"
    );
    assert!(matches!(middle(31), Err(DatasetError::Cut { points: 31, .. })));
    assert!(matches!(middle(162), Err(DatasetError::Points { .. })));
}

#[test]
fn impossible_systems_name_file_and_index() {
    let message = |change: &dyn Fn(&mut Layout)| {
        let mut layout = ions();
        change(&mut layout);
        read(layout).unwrap_err().to_string()
    };
    let unpaired = message(&|l| l.unpaired = Some(vec![1.0, 1.0]));
    assert_eq!(unpaired, "`num_unpaired_electrons.npy` at index 1: 2 electrons cannot have 1 unpaired");
    let outside = message(&|l| l.locations[1][0] = 99.0);
    assert!(outside.starts_with("`locations.npy and nuclear_charges.npy` at index 1: "), "{outside}");
    assert!(message(&|l| l.charges[0][0] = -1.0).contains("at index 0: a nucleus needs a positive charge"));
    let mut without = ions();
    without.unpaired = None;
    assert_eq!(read(without).unwrap().0[0].system.unpaired, 1);
}

#[test]
fn different_grids_or_interactions_are_not_saved_together() {
    let (a, b) = (ion(1.0, 1), ion(2.0, 2));
    let other = |change: &dyn Fn(&mut System)| {
        let mut system = (*b.system).clone();
        change(&mut system);
        Reference { system: Arc::new(system), ..b.clone() }
    };
    assert_eq!(layout(&[]).unwrap_err(), SaveError::Empty);
    let grid = other(&|s| s.grid = Arc::new(Grid::centred(161, 0.16).with_stencil(3)));
    assert!(matches!(layout(&[sample(&a), sample(&grid)]), Err(SaveError::Grids { .. })));
    assert!(matches!(layout(&[sample(&grid)]).unwrap().1[..], [SaveNote::Unsaid { .. }]));
    let interaction = other(&|s| s.interaction = Interaction::None);
    assert!(matches!(layout(&[sample(&a), sample(&interaction)]), Err(SaveError::Interactions { .. })));
    let pair = other(&|s| s.nuclei = [s.nuclei.clone(), s.nuclei.clone()].concat());
    let (saved, notes) = layout(&[sample(&a), sample(&pair)]).unwrap();
    assert_eq!((notes, saved.distances), (vec![SaveNote::Padded { least: 1, most: 2 }], None));
}

#[test]
fn negative_densities_are_refused_and_names_are_escaped() {
    let mut layout = ions();
    layout.densities[1][80] += 0.1;
    layout.densities[1][60] -= 0.1;
    assert!(matches!(read(layout), Err(DatasetError::Negative { index: 1, value, .. }) if value < -0.05));
    let mut layout = ions();
    layout.names = Some(vec!["H\n\u{1b}[31m".into(), "He".into()]);
    assert_eq!(read(layout).unwrap().0[0].system.label, "H\\n\\u{1b}[31m");
}
