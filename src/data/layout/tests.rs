use super::*;
use crate::data::npy::npy_bytes;
use crate::world::{Memory, World};
use std::path::Path;

/// Where the data set is.
fn set() -> &'static Path {
    Path::new("set")
}

fn read(world: &Memory) -> Result<Layout, LayoutError> {
    read_layout(world, set())
}

fn two() -> Layout {
    Layout {
        grid: vec![-0.5, 0.0, 0.5],
        densities: vec![vec![0.1, 0.2, 0.3], vec![1.0 / 3.0, 5e-324, -0.0]],
        energies: vec![-0.67, -2.2],
        charges: vec![vec![1.0], vec![2.0, 1.0]],
        locations: vec![vec![0.0], vec![-0.08, 0.08]],
        electrons: vec![1.0, 2.0],
        unpaired: Some(vec![1.0, 0.0]),
        potentials: Some(vec![vec![-1.0; 3], vec![-2.0; 3]]),
        distances: Some(vec![0.325, 0.16]),
        names: Some(vec!["H".into(), "HeH$^+$".into()]),
        ..Layout::default()
    }
}

fn written() -> Memory {
    let world = Memory::default();
    write_layout(&world, set(), &two(), false).unwrap();
    world
}

fn put(world: &Memory, name: &str, shape: &[usize], data: &[f64]) {
    world.put(set().join(npy(name)), npy_bytes(Path::new(name), shape, data).unwrap());
}

#[test]
fn a_written_folder_comes_back() {
    let world = written();
    let back = read(&world).unwrap();
    let padded = Layout {
        charges: vec![vec![1.0, 0.0], vec![2.0, 1.0]],
        locations: vec![vec![0.0, 0.0], vec![-0.08, 0.08]],
        ..two()
    };
    assert_eq!(back, padded);
    assert!(back.densities[1][2].is_sign_negative());
    // Again, over itself.
    write_layout(&world, set(), &back, false).unwrap();
    assert_eq!(read(&world).unwrap(), padded);
}

#[test]
fn other_files_in_a_folder_are_not_lost() {
    let world = written();
    let notes = set().join("notes.txt");
    world.put(&notes, "mine");
    let error = write_layout(&world, set(), &two(), false).unwrap_err();
    assert!(matches!(error, LayoutError::Occupied { ref file } if file == "notes.txt"), "{error}");
    assert_eq!(world.read(&notes).unwrap(), b"mine");
    assert!(matches!(write_layout(&world, &notes, &two(), false), Err(LayoutError::Write { .. })));
    assert!(matches!(write_layout(&world, Path::new("no/such"), &two(), false), Err(LayoutError::Write { .. })));
}

#[test]
fn only_a_data_set_as_it_was_written_is_replaced() {
    let again = |world: &Memory, force| write_layout(world, set(), &two(), force).map_err(|error| error.to_string());
    let world = written();
    put(&world, "densities", &[2, 3], &[1.0; 6]);
    let reason = again(&world, false).unwrap_err();
    assert_eq!(reason, "the folder is not replaced: `densities.npy` has changed since it was saved");
    // Somebody else's, with files that are never written here.
    let world = written();
    put(&world, "symbols", &[2], &[1.0; 2]);
    assert!(again(&world, false).unwrap_err().contains("`symbols.npy` has changed"));
    world.remove("set/saved_by_ksr.txt").unwrap();
    assert!(again(&world, false).unwrap_err().contains("a data set that ksr did not save"));
    assert_eq!((again(&world, true), again(&world, false)), (Ok(()), Ok(())));
    world.put("set/notes.txt", "mine");
    assert!(again(&world, true).unwrap_err().contains("holds `notes.txt`"));
}

#[test]
fn single_numbers_count_for_all_and_optional_files_may_be_absent() {
    let world = written();
    put(&world, "num_electrons", &[], &[2.0]);
    put(&world, "grids", &[2, 3], &[-0.5, 0.0, 0.5, -0.5, 0.0, 0.5]);
    for name in ["num_unpaired_electrons", "external_potentials", "distances", "latex_symbols"] {
        world.remove(set().join(npy(name))).unwrap();
    }
    let back = read(&world).unwrap();
    assert_eq!((back.electrons, back.unpaired, back.potentials), (vec![2.0, 2.0], None, None));
    assert_eq!((back.distances, back.names), (Some(vec![0.33, 0.16]), None));
}

#[test]
fn one_nucleus_each_needs_no_axis_and_padding_may_be_anything() {
    let world = written();
    put(&world, "nuclear_charges", &[2], &[1.0, 2.0]);
    put(&world, "locations", &[2, 1], &[0.0, 0.5]);
    assert_eq!(read(&world).unwrap().charges, [[1.0], [2.0]]);
    put(&world, "nuclear_charges", &[2, 2], &[1.0, 0.0, 2.0, 1.0]);
    put(&world, "locations", &[2, 2], &[0.0, f64::NAN, 0.5, 0.6]);
    assert!(read(&world).unwrap().locations[0][1].is_nan());
    put(&world, "locations", &[2, 2], &[f64::NAN, 0.0, 0.5, 0.6]);
    let error = read(&world).unwrap_err().to_string();
    assert_eq!(error, "`locations.npy` has NaN at index 0");
}

#[test]
fn errors_name_file_and_index() {
    let message = |change: &dyn Fn(&Memory)| {
        let world = written();
        change(&world);
        read(&world).unwrap_err().to_string()
    };
    type Case<'a> = (&'a dyn Fn(&Memory), &'a str);
    let cases: [Case; 8] = [
        (&|f| drop(f.remove("set/densities.npy")), "has no `densities.npy`"),
        (
            &|f| put(f, "densities", &[2, 2], &[1.0; 4]),
            "`densities.npy` has the shape [2, 2], but one number per point",
        ),
        (&|f| put(f, "densities", &[1, 3], &[1.0; 3]), "`densities.npy` has the shape [1, 3]"),
        (
            &|f| put(f, "num_electrons", &[3], &[1.0; 3]),
            "`num_electrons.npy` has the shape [3], but one number per system",
        ),
        (&|f| put(f, "densities", &[2, 3], &[0.1, 0.2, 0.3, 0.4, f64::NAN, 0.6]), "`densities.npy` has NaN at index 1"),
        (&|f| put(f, "locations", &[2, 1], &[0.0; 2]), "`locations.npy` has 1 numbers at index 0, but"),
        (&|f| put(f, "grids", &[2, 3], &[0.0, 1.0, 2.0, 0.0, 1.0, 3.0]), "different grids: index 1"),
        (&|f| f.put("set/total_energies.npy", "no numbers"), "total_energies.npy` is not a readable npy"),
    ];
    for (change, wanted) in cases {
        let found = message(change);
        assert!(found.contains(wanted), "{found}\n{wanted}");
    }
    assert!(matches!(read(&Memory::default()), Err(LayoutError::Folder)));
}

#[test]
fn systems_are_counted_by_their_energies() {
    let huge = 1_000_000_000_000_000;
    let world = written();
    put(&world, "total_energies", &[huge, 0], &[]);
    put(&world, "nuclear_charges", &[huge, 0], &[]);
    let error = read(&world).unwrap_err().to_string();
    assert!(error.starts_with("`total_energies.npy` has the shape [1000000000000000, 0], but"), "{error}");
    put(&world, "total_energies", &[1, 2], &[-1.0, -2.0]);
    assert!(matches!(read(&world), Err(LayoutError::Shape { systems: 2, .. })));
    put(&world, "total_energies", &[2, 1], &[-1.0, -2.0]);
    assert!(matches!(read(&world), Err(LayoutError::Shape { ref file, .. }) if file == "nuclear_charges.npy"));
    for name in ["nuclear_charges", "locations"] {
        put(&world, name, &[2, 0], &[]);
    }
    let bare = read(&world).unwrap();
    assert_eq!((bare.energies, bare.charges), (vec![-1.0, -2.0], vec![vec![], vec![]]));
}

#[test]
fn only_rounding_to_single_precision_is_corrected() {
    let world = written();
    let near = Layout { distances: Some(vec![1.230_000_5, 1.28]), ..two() };
    write_layout(&world, set(), &near, false).unwrap();
    assert_eq!(read(&world).unwrap().distances, near.distances);
    let single = npy_bytes(Path::new("distances"), &[2], &[1.23_f32, 1.28]).unwrap();
    world.put("set/distances.npy", single);
    assert_eq!(read(&world).unwrap().distances, Some(vec![1.23, 1.28]));
}

#[test]
fn names_as_objects_are_to_be_rewritten_as_strings() {
    use ndarray_npy::npy::header::{Header, Layout};
    let world = written();
    world.remove("set/latex_symbols.npy").unwrap();
    let header = Header { type_descriptor: "'|O'".parse().unwrap(), layout: Layout::Standard, shape: vec![2] };
    world.put("set/names.npy", [header.to_bytes().unwrap(), b"\x80\x04N.".to_vec()].concat());
    let error = read(&world).unwrap_err();
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert!(matches!(error, LayoutError::NameObjects { ref file } if file == "names.npy"), "{error}");
    assert!(help.contains("astype(str)") && !help.contains("padded"), "{help}");
}

#[test]
fn the_error_names_the_wrong_file() {
    let world = written();
    put(&world, "total_energies", &[1], &[-0.67]);
    let error = read(&world).unwrap_err().to_string();
    assert_eq!(error, "`total_energies.npy` has the shape [1], but one number per system is needed, [2]");
    put(&world, "total_energies", &[3], &[-0.67, -2.2, -1.0]);
    assert!(read(&world).unwrap_err().to_string().starts_with("`total_energies.npy`"));
    let world = written();
    put(&world, "densities", &[1, 3], &[0.1, 0.2, 0.3]);
    assert!(read(&world).unwrap_err().to_string().starts_with("`densities.npy`"));
}

#[test]
fn a_coordinate_that_is_not_a_number_is_not_another_grid() {
    for (shape, data) in [(&[3][..], &[-0.5, 0.0, f64::NAN][..]), (&[2, 3], &[-0.5, 0.0, 0.5, -0.5, 0.0, f64::NAN])] {
        let world = written();
        put(&world, "grids", shape, data);
        let error = read(&world).unwrap_err();
        assert!(matches!(error, LayoutError::NotFinite { ref file, index: 2, .. } if file == "grids.npy"), "{error}");
    }
}
