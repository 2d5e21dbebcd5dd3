use super::*;
use crate::data::npy::npy_bytes;
use std::fs;
use std::path::Path;

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

fn written() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_layout(folder.path(), &two()).unwrap();
    folder
}

fn put(folder: &Path, name: &str, shape: &[usize], data: &[f64]) {
    fs::write(folder.join(npy(name)), npy_bytes(Path::new(name), shape, data).unwrap()).unwrap();
}

#[test]
fn a_written_folder_comes_back() {
    let folder = written();
    let back = read_layout(folder.path()).unwrap();
    let padded = Layout {
        charges: vec![vec![1.0, 0.0], vec![2.0, 1.0]],
        locations: vec![vec![0.0, 0.0], vec![-0.08, 0.08]],
        ..two()
    };
    assert_eq!(back, padded);
    assert!(back.densities[1][2].is_sign_negative());
    // Again, over itself.
    write_layout(folder.path(), &back).unwrap();
    assert_eq!(read_layout(folder.path()).unwrap(), padded);
    let left: Vec<_> = fs::read_dir(folder.path().parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    let name = folder.path().file_name().unwrap().to_string_lossy().into_owned();
    assert!(!left.iter().any(|n| n.to_string_lossy().starts_with(&format!("{name}."))), "{left:?}");
}

#[test]
fn what_else_is_in_a_folder_is_not_lost() {
    let folder = written();
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let error = write_layout(folder.path(), &two()).unwrap_err();
    assert!(matches!(error, LayoutError::Occupied { ref file } if file == "notes.txt"), "{error}");
    assert!(folder.path().join("notes.txt").exists());
    let file = folder.path().join("notes.txt");
    assert!(matches!(write_layout(&file, &two()), Err(LayoutError::Write { .. })));
    assert!(matches!(write_layout(&folder.path().join("no/such"), &two()), Err(LayoutError::Write { .. })));
}

#[test]
fn single_numbers_count_for_all_and_optional_files_may_be_absent() {
    let folder = written();
    put(folder.path(), "num_electrons", &[], &[2.0]);
    put(folder.path(), "grids", &[2, 3], &[-0.5, 0.0, 0.5, -0.5, 0.0, 0.5]);
    for name in ["num_unpaired_electrons", "external_potentials", "distances", "latex_symbols"] {
        fs::remove_file(folder.path().join(npy(name))).unwrap();
    }
    let back = read_layout(folder.path()).unwrap();
    assert_eq!((back.electrons, back.unpaired, back.potentials), (vec![2.0, 2.0], None, None));
    assert_eq!((back.distances, back.names), (Some(vec![0.33, 0.16]), None));
}

#[test]
fn a_nucleus_each_needs_no_axis_and_padding_may_be_anything() {
    let folder = written();
    put(folder.path(), "nuclear_charges", &[2], &[1.0, 2.0]);
    put(folder.path(), "locations", &[2, 1], &[0.0, 0.5]);
    assert_eq!(read_layout(folder.path()).unwrap().charges, [[1.0], [2.0]]);
    put(folder.path(), "nuclear_charges", &[2, 2], &[1.0, 0.0, 2.0, 1.0]);
    put(folder.path(), "locations", &[2, 2], &[0.0, f64::NAN, 0.5, 0.6]);
    assert!(read_layout(folder.path()).unwrap().locations[0][1].is_nan());
    put(folder.path(), "locations", &[2, 2], &[f64::NAN, 0.0, 0.5, 0.6]);
    let error = read_layout(folder.path()).unwrap_err().to_string();
    assert_eq!(error, "`locations.npy` has NaN at index 0");
}

#[test]
fn errors_name_file_and_index() {
    let message = |change: &dyn Fn(&Path)| {
        let folder = written();
        change(folder.path());
        read_layout(folder.path()).unwrap_err().to_string()
    };
    type Case<'a> = (&'a dyn Fn(&Path), &'a str);
    let cases: [Case; 8] = [
        (&|f| fs::remove_file(f.join("densities.npy")).unwrap(), "has no `densities.npy`"),
        (&|f| put(f, "densities", &[2, 2], &[1.0; 4]), "`densities.npy` has the shape [2, 2], but one number a point"),
        (&|f| put(f, "densities", &[1, 3], &[1.0; 3]), "`densities.npy` has the shape [1, 3]"),
        (
            &|f| put(f, "num_electrons", &[3], &[1.0; 3]),
            "`num_electrons.npy` has the shape [3], but one number a system",
        ),
        (&|f| put(f, "densities", &[2, 3], &[0.1, 0.2, 0.3, 0.4, f64::NAN, 0.6]), "`densities.npy` has NaN at index 1"),
        (&|f| put(f, "locations", &[2, 1], &[0.0; 2]), "`locations.npy` has 1 numbers at index 0, but"),
        (&|f| put(f, "grids", &[2, 3], &[0.0, 1.0, 2.0, 0.0, 1.0, 3.0]), "different grids: index 1"),
        (
            &|f| fs::write(f.join("total_energies.npy"), "no numbers").unwrap(),
            "total_energies.npy` is not a readable npy",
        ),
    ];
    for (change, wanted) in cases {
        let found = message(change);
        assert!(found.contains(wanted), "{found}\n{wanted}");
    }
    assert!(matches!(read_layout(Path::new("no/such/folder")), Err(LayoutError::Folder)));
}

#[test]
fn systems_are_counted_by_their_energies() {
    let huge = 1_000_000_000_000_000;
    let folder = written();
    put(folder.path(), "total_energies", &[huge, 0], &[]);
    put(folder.path(), "nuclear_charges", &[huge, 0], &[]);
    let error = read_layout(folder.path()).unwrap_err().to_string();
    assert!(error.starts_with("`total_energies.npy` has the shape [1000000000000000, 0], but"), "{error}");
    put(folder.path(), "total_energies", &[1, 2], &[-1.0, -2.0]);
    assert!(matches!(read_layout(folder.path()), Err(LayoutError::Shape { systems: 2, .. })));
    put(folder.path(), "total_energies", &[2, 1], &[-1.0, -2.0]);
    assert!(
        matches!(read_layout(folder.path()), Err(LayoutError::Shape { ref file, .. }) if file == "nuclear_charges.npy")
    );
    for name in ["nuclear_charges", "locations"] {
        put(folder.path(), name, &[2, 0], &[]);
    }
    let bare = read_layout(folder.path()).unwrap();
    assert_eq!((bare.energies, bare.charges), (vec![-1.0, -2.0], vec![vec![], vec![]]));
}

#[test]
fn only_single_precision_is_made_up_for() {
    let folder = written();
    let near = Layout { distances: Some(vec![1.230_000_5, 1.28]), ..two() };
    write_layout(folder.path(), &near).unwrap();
    assert_eq!(read_layout(folder.path()).unwrap().distances, near.distances);
    let single = npy_bytes(Path::new("distances"), &[2], &[1.23_f32, 1.28]).unwrap();
    fs::write(folder.path().join("distances.npy"), single).unwrap();
    assert_eq!(read_layout(folder.path()).unwrap().distances, Some(vec![1.23, 1.28]));
}

#[test]
fn names_as_objects_are_written_anew_as_texts() {
    use ndarray_npy::npy::header::{Header, Layout};
    let folder = written();
    fs::remove_file(folder.path().join("latex_symbols.npy")).unwrap();
    let header = Header { type_descriptor: "'|O'".parse().unwrap(), layout: Layout::Standard, shape: vec![2] };
    fs::write(folder.path().join("names.npy"), [header.to_bytes().unwrap(), b"\x80\x04N.".to_vec()].concat()).unwrap();
    let error = read_layout(folder.path()).unwrap_err();
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert!(matches!(error, LayoutError::NameObjects { ref file } if file == "names.npy"), "{error}");
    assert!(help.contains("astype(str)") && !help.contains("padded"), "{help}");
}

#[test]
fn the_file_that_is_wrong_is_blamed() {
    let folder = written();
    put(folder.path(), "total_energies", &[1], &[-0.67]);
    let error = read_layout(folder.path()).unwrap_err().to_string();
    assert_eq!(error, "`total_energies.npy` has the shape [1], but one number a system is needed, [2]");
    put(folder.path(), "total_energies", &[3], &[-0.67, -2.2, -1.0]);
    assert!(read_layout(folder.path()).unwrap_err().to_string().starts_with("`total_energies.npy`"));
    let folder = written();
    put(folder.path(), "densities", &[1, 3], &[0.1, 0.2, 0.3]);
    assert!(read_layout(folder.path()).unwrap_err().to_string().starts_with("`densities.npy`"));
}

#[test]
fn a_coordinate_that_is_no_number_is_no_other_grid() {
    for (shape, data) in [(&[3][..], &[-0.5, 0.0, f64::NAN][..]), (&[2, 3], &[-0.5, 0.0, 0.5, -0.5, 0.0, f64::NAN])] {
        let folder = written();
        put(folder.path(), "grids", shape, data);
        let error = read_layout(folder.path()).unwrap_err();
        assert!(matches!(error, LayoutError::NotFinite { ref file, index: 2, .. } if file == "grids.npy"), "{error}");
    }
}
