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
