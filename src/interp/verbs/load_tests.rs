//! Parameters from archives: by name, in order, flat; mismatches.

use crate::data::npy_bytes;
use crate::interp::tests::helpers::{described, interpreter_in, take_lines, take_shown};
use crate::interp::value::text;
use crate::problem::Problem;
use crate::world::{Memory, World};
use ndarray::{Array, ArrayD, IxDyn};
use ndarray_npy::NpzWriter;
use std::io::Cursor;
use std::path::Path;
use std::rc::Rc;

/// Two layers, `conv0.weight` [1, 1, 2] and `conv1.weight` [1, 2, 1], and a parameter.
const FUNCTIONAL: &str = "functional f(n) { param a = 1.0; a * (n |> dense(2) |> silu |> dense(1) |> negative) }\n";

fn array(shape: &[usize], first: f64) -> ArrayD<f64> {
    let data = (0..shape.iter().product()).map(|k: usize| first + k as f64).collect();
    Array::from_shape_vec(IxDyn(shape), data).unwrap()
}

/// The files `p.npz` and `p.npy`, as many as there are.
fn files(files: &[(&'static str, Vec<u8>)]) -> Rc<Memory> {
    Rc::new(Memory::with(files.iter().cloned()))
}

/// An archive of double or single precision.
fn archive(arrays: &[(&str, ArrayD<f64>)], single: bool) -> Rc<Memory> {
    let mut bytes = Cursor::new(Vec::new());
    let mut npz = NpzWriter::new(&mut bytes);
    for (name, array) in arrays {
        match single {
            true => npz.add_array(*name, &array.mapv(|x| x as f32)).unwrap(),
            false => npz.add_array(*name, array).unwrap(),
        }
    }
    npz.finish().unwrap();
    files(&[("p.npz", bytes.into_inner())])
}

/// A single array.
fn lone(shape: &[usize], data: &[f64]) -> Rc<Memory> {
    files(&[("p.npy", npy_bytes(Path::new("p.npy"), shape, data).unwrap())])
}

/// What a script shows that loads `FILE`, whichever of the two there is.
fn run(world: &Rc<Memory>, script: &str) -> Result<Vec<String>, Problem> {
    take_shown();
    let script = script.replace("FILE", if world.kind(Path::new("p.npz")).is_some() { "p.npz" } else { "p.npy" });
    match interpreter_in(world.clone()).run("test.ksr", &script) {
        Ok(_) => Ok(take_shown().iter().map(text::value).collect()),
        Err(mut problems) => Err(problems.remove(0)),
    }
}

fn shown(world: &Rc<Memory>, script: &str) -> Vec<String> {
    run(world, script).unwrap_or_else(|problem| panic!("{}", described(&[problem])))
}

fn loaded(world: &Rc<Memory>) -> Vec<String> {
    let shown_ones = "m.parameters.a\nm.parameters.conv0.weight\nm.parameters.conv1.weight";
    shown(world, &format!("{FUNCTIONAL}let m = load(f, \"FILE\")\n{shown_ones}"))
}

fn refused(world: &Rc<Memory>) -> String {
    run(world, &format!("{FUNCTIONAL}load(f, \"FILE\")")).expect_err("refused").to_string()
}

#[test]
fn arrays_are_matched_by_name_or_order_whatever_their_precision() {
    let wanted = ["0.5", "[[[1, 2]]]", "[[[3], [4]]]"];
    let (a, first, second) = (array(&[], 0.5), array(&[1, 1, 2], 1.0), array(&[1, 2, 1], 3.0));
    let named =
        [("conv1.weight", second.clone()), ("flat", array(&[5], 9.0)), ("a", a.clone()), ("conv0.weight", first)];
    for single in [false, true] {
        assert_eq!(loaded(&archive(&named, single)), wanted);
        // Axes of length 1 do not matter.
        let ordered = [("arr_0", a.clone()), ("arr_1", array(&[2], 1.0)), ("arr_2", second.clone())];
        assert_eq!(loaded(&archive(&ordered, single)), wanted);
    }
    take_lines();
    let more = [("arr_0", a), ("arr_1", array(&[2], 1.0)), ("arr_2", second), ("step", array(&[], 7.0))];
    assert_eq!(loaded(&archive(&more, false)), wanted);
    let lines = take_lines();
    assert!(lines.len() == 1 && lines[0].contains("`step`"), "{lines:?}");
}

#[test]
fn a_flat_list_is_taken_in_order() {
    let wanted = ["0", "[[[1, 2]]]", "[[[3], [4]]]"];
    for name in ["flat", "arr_0", "params"] {
        assert_eq!(loaded(&archive(&[(name, array(&[5], 0.0))], true)), wanted);
    }
    assert_eq!(loaded(&lone(&[5, 1], &[0.0, 1.0, 2.0, 3.0, 4.0])), wanted);
    let one = "functional g(n) { param b[2, 2] ~ normal(0, 1); b[0][0] * n }\n";
    let four = lone(&[4], &[1.0, 2.0, 3.0, 4.0]);
    assert_eq!(shown(&four, &format!("{one}load(g, \"FILE\").parameters.b")), ["[[1, 2], [3, 4]]"]);
}

#[test]
fn mismatches_are_reported_with_their_shapes() {
    let (a, first) = (array(&[], 0.5), array(&[1, 1, 2], 1.0));
    let wrong = [("a", a.clone()), ("conv0.weight", array(&[3, 1, 2], 1.0)), ("conv1.weight", array(&[1, 2, 1], 3.0))];
    let message = refused(&archive(&wrong, false));
    assert!(
        message.ends_with("has [3, 1, 2] numbers in `conv0.weight`, but `conv0.weight` needs [1, 1, 2]"),
        "{message}"
    );
    let misspelt = [("conv1.weight", array(&[1, 2, 1], 3.0)), ("conv0.weigth", first.clone()), ("a", a.clone())];
    let message = refused(&archive(&misspelt, false));
    assert!(message.contains("has no array `conv0.weight`"), "{message}");
    let few = [("x", a.clone()), ("y", first.clone())];
    assert!(refused(&archive(&few, false)).ends_with("has 2 arrays, but 3 are needed"));
    let short = archive(&[("flat", array(&[4], 0.0))], false);
    assert!(refused(&short).ends_with("has 4 numbers, but 5 are needed"));
    let nan = [("a", a), ("conv0.weight", first * f64::NAN), ("conv1.weight", array(&[2], 3.0))];
    assert!(refused(&archive(&nan, false)).ends_with("contains NaN at index 0 of `conv0.weight`"));
    assert!(refused(&files(&[("p.npy", b"text".to_vec())])).contains("is not a readable npy file"));
}

/// An archive of any files.
fn zipped(entries: &[(&str, &[u8])]) -> Rc<Memory> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in entries {
        match name.strip_suffix('/') {
            Some(folder) => zip.add_directory(folder, options).unwrap(),
            None => {
                zip.start_file(*name, options).unwrap();
                zip.write_all(bytes).unwrap();
            }
        }
    }
    files(&[("p.npz", zip.finish().unwrap().into_inner())])
}

#[test]
fn files_that_are_not_arrays_are_ignored_and_named() {
    let a = npy_bytes(Path::new("a.npy"), &[], &[0.7]).unwrap();
    let script = "functional f(n) { param a = 0.5; -a * n }\nload(f, \"FILE\").parameters.a";
    type Members<'a> = &'a [(&'a str, &'a [u8])];
    let cases: [(Members, &str); 3] = [
        (&[("README.txt", b"hello"), ("a.npy", &a)], "`README.txt`, which is not an array and is ignored"),
        (&[("a.npy", &a), ("sub/", b"")], "`sub/`, which is not an array and is ignored"),
        (
            &[("a.npy", &a), ("__MACOSX/._a.npy", b"\0\x05\x16\x07"), ("._b.npy", b"")],
            "`__MACOSX/._a.npy` and `._b.npy`, which are not arrays and are ignored",
        ),
    ];
    for (entries, wanted) in cases {
        take_lines();
        assert_eq!(shown(&zipped(entries), script), ["0.7"]);
        let lines = take_lines();
        assert!(lines.len() == 1 && lines[0].contains(wanted), "{lines:?}");
    }
    // An array that is not of numbers is no obstacle if its name is not needed.
    let header = b"{'descr': '<U1', 'fortran_order': False, 'shape': ()}";
    let text = [b"\x93NUMPY\x01\x00\x35\x00", &header[..], b"h\0\0\0"].concat();
    let world = zipped(&[("name.npy", &text), ("a.npy", &a)]);
    take_lines();
    assert_eq!(shown(&world, script), ["0.7"]);
    assert!(take_lines()[0].contains("`name` of `p.npz` is not used"));
    let error = run(&world, &script.replace("param a = 0.5; -a", "param b = 0.5; -b").replace(".a", ""))
        .unwrap_err()
        .to_string();
    assert!(error.contains("the array `name` of `p.npz` has elements of type `<U1`"), "{error}");
}

#[test]
fn an_array_of_the_wrong_size_is_not_unpacked() {
    let header = b"{'descr': '|b1', 'fortran_order': False, 'shape': (1500000000000,)}";
    let huge = [b"\x93NUMPY\x01\x00\x44\x00", &header[..], &[0; 100]].concat();
    for name in ["a.npy", "b.npy"] {
        let world = zipped(&[(name, &huge)]);
        let error =
            run(&world, "functional f(n) { param a = 0.5; -a * n }\nload(f, \"FILE\")").unwrap_err().to_string();
        assert!(
            error.contains("has [1500000000000] numbers")
                || error.ends_with("has 1500000000000 numbers, but 1 are needed"),
            "{error}"
        );
    }
}

#[test]
fn bounded_parameters_are_taken_as_values() {
    let f =
        "functional f(n) { param a = 0.5 in 0 .. 2; param b[2] ~ normal(0, 1) in -1 .. 0.3; -a * n * b[0] * b[1] }\n";
    let script = format!("{f}let m = load(f, \"FILE\")\nm.parameters");
    let of =
        |a: f64, b: [f64; 2]| [("a", array(&[], a)), ("b", Array::from_shape_vec(IxDyn(&[2]), b.to_vec()).unwrap())];
    assert_eq!(shown(&archive(&of(0.3, [-0.25, 0.125]), false), &script), ["{ a: 0.3, b: [-0.25, 0.125] }"]);
    // The bounds themselves, also if single precision rounds them outwards.
    for single in [false, true] {
        assert_eq!(shown(&archive(&of(2.0, [0.3, -1.0]), single), &script), ["{ a: 2, b: [0.3, -1] }"]);
    }
    assert_eq!(shown(&lone(&[3], &[1.5, 0.0, 0.1]), &script), ["{ a: 1.5, b: [0, 0.1] }"]);
    let refused = |world: &Rc<Memory>| run(world, &script).unwrap_err().to_string();
    let error = refused(&archive(&of(2.5, [0.0, 0.0]), false));
    assert!(error.ends_with("does not fit: `a` must be between 0 and 2, but 2.5 is not"), "{error}");
    assert!(refused(&lone(&[3], &[1.5, 0.0, 0.31])).ends_with("`b` must be between -1 and 0.3, but 0.31 is not"));
    assert!(refused(&lone(&[3], &[1.5, 0.0, f64::INFINITY])).ends_with("contains inf at index 2 of ``"));
}
