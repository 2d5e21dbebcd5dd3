//! Parameters from archives: by name, in order, flat; what does not fit.

use crate::data::write_npy;
use crate::interp::tests::helpers::{failure, take_lines, texts};
use ndarray::{Array, ArrayD, IxDyn};
use ndarray_npy::NpzWriter;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Two layers, `conv0.weight` [1, 1, 2] and `conv1.weight` [1, 2, 1], and a parameter.
const FUNCTIONAL: &str = "functional f(n) { param a = 1.0; a * (n |> dense(2) |> silu |> dense(1) |> negative) }\n";

fn array(shape: &[usize], first: f64) -> ArrayD<f64> {
    let data = (0..shape.iter().product()).map(|k: usize| first + k as f64).collect();
    Array::from_shape_vec(IxDyn(shape), data).unwrap()
}

/// An archive of double or single precision.
fn archive(folder: &Path, arrays: &[(&str, ArrayD<f64>)], single: bool) -> PathBuf {
    let path = folder.join("p.npz");
    let mut npz = NpzWriter::new(File::create(&path).unwrap());
    for (name, array) in arrays {
        match single {
            true => npz.add_array(*name, &array.mapv(|x| x as f32)).unwrap(),
            false => npz.add_array(*name, array).unwrap(),
        }
    }
    npz.finish().unwrap();
    path
}

fn loaded(path: &Path) -> Vec<String> {
    texts(&format!(
        "{FUNCTIONAL}let m = load(f, \"{}\")\nm.parameters.a\nm.parameters.conv0.weight\nm.parameters.conv1.weight",
        path.display()
    ))
}

fn refused(path: &Path) -> String {
    failure(&format!("{FUNCTIONAL}load(f, \"{}\")", path.display())).to_string()
}

#[test]
fn arrays_are_matched_by_name_or_order_whatever_their_precision() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = ["0.5", "[[[1, 2]]]", "[[[3], [4]]]"];
    let (a, first, second) = (array(&[], 0.5), array(&[1, 1, 2], 1.0), array(&[1, 2, 1], 3.0));
    let named =
        [("conv1.weight", second.clone()), ("flat", array(&[5], 9.0)), ("a", a.clone()), ("conv0.weight", first)];
    for single in [false, true] {
        assert_eq!(loaded(&archive(folder.path(), &named, single)), wanted);
        // Axes of length 1 do not matter.
        let ordered = [("arr_0", a.clone()), ("arr_1", array(&[2], 1.0)), ("arr_2", second.clone())];
        assert_eq!(loaded(&archive(folder.path(), &ordered, single)), wanted);
    }
    take_lines();
    let more = [("arr_0", a), ("arr_1", array(&[2], 1.0)), ("arr_2", second), ("step", array(&[], 7.0))];
    assert_eq!(loaded(&archive(folder.path(), &more, false)), wanted);
    let lines = take_lines();
    assert!(lines.len() == 1 && lines[0].contains("`step`"), "{lines:?}");
}

#[test]
fn a_flat_list_is_taken_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = ["0", "[[[1, 2]]]", "[[[3], [4]]]"];
    for name in ["flat", "arr_0", "params"] {
        assert_eq!(loaded(&archive(folder.path(), &[(name, array(&[5], 0.0))], true)), wanted);
    }
    let lone = folder.path().join("p.npy");
    write_npy(&lone, &[5, 1], &[0.0, 1.0, 2.0, 3.0, 4.0]).unwrap();
    assert_eq!(loaded(&lone), wanted);
    let one = "functional g(n) { param b[2, 2] ~ normal(0, 1); b[0][0] * n }\n";
    write_npy(&lone, &[4], &[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert_eq!(texts(&format!("{one}load(g, \"{}\").parameters.b", lone.display())), ["[[1, 2], [3, 4]]"]);
}

#[test]
fn what_does_not_fit_is_told_with_its_shape() {
    let folder = tempfile::tempdir().unwrap();
    let (a, first) = (array(&[], 0.5), array(&[1, 1, 2], 1.0));
    let wrong = [("a", a.clone()), ("conv0.weight", array(&[3, 1, 2], 1.0)), ("conv1.weight", array(&[1, 2, 1], 3.0))];
    let message = refused(&archive(folder.path(), &wrong, false));
    assert!(
        message.ends_with("has [3, 1, 2] numbers in `conv0.weight`, but `conv0.weight` needs [1, 1, 2]"),
        "{message}"
    );
    let misspelt = [("conv1.weight", array(&[1, 2, 1], 3.0)), ("conv0.weigth", first.clone()), ("a", a.clone())];
    let message = refused(&archive(folder.path(), &misspelt, false));
    assert!(message.contains("has no array `conv0.weight`"), "{message}");
    let few = [("x", a.clone()), ("y", first.clone())];
    assert!(refused(&archive(folder.path(), &few, false)).ends_with("has 2 arrays, but 3 are needed"));
    let short = archive(folder.path(), &[("flat", array(&[4], 0.0))], false);
    assert!(refused(&short).ends_with("has 4 numbers, but 5 are needed"));
    let nan = [("a", a), ("conv0.weight", first * f64::NAN), ("conv1.weight", array(&[2], 3.0))];
    assert!(refused(&archive(folder.path(), &nan, false)).ends_with("holds NaN at index 0 of `conv0.weight`"));
    let lone = folder.path().join("p.npy");
    std::fs::write(&lone, "text").unwrap();
    assert!(refused(&lone).contains("is not a readable npy file"));
}
