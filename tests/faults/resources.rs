//! Values that would take the machine, refused before they do; and data that pretend to be small.

use super::{Refuses, Shows, check, run};
use std::io::Write;

#[test]
fn values_without_end_are_refused() {
    check(
        "grid g = uniform(points: 513, spacing: 0.08)\n",
        &[
            (
                "fn f(s, k) = if k == 0 then s else f(join(s, s), k - 1)\nlen(f([1], 30))",
                Refuses("ksr::run::too_long", "too long"),
            ),
            (
                "fn f(s, k) = if k == 0 then s else f(\"{s}{s}\", k - 1)\nlen(f(\"ab\", 40))",
                Refuses("ksr::run::memory", "this string"),
            ),
            ("zip(0 .. 9999999, 0 .. 9999999)", Refuses("ksr::run::too_long", "too long")),
            ("fold(0 .. 1000000, fn(a, k) = [a], 1) + 1", Refuses("ksr::run::nested", "1000 levels")),
            ("fold(0 .. 1000000, fn(a, k) = { k: a }, 1)", Refuses("ksr::run::nested", "1000 levels")),
            ("0 .. 1e12 by 1e-3", Refuses("ksr::run::too_long", "too long")),
            ("uniform(points: 1e12, spacing: 1)", Refuses("ksr::grid::too_many_points", "too large")),
            (
                "functional f(n) = n |> dense(1000000) |> silu |> dense(1)\nenergy(f, exp(-g.x^2))",
                Refuses("ksr::run::memory", "needs"),
            ),
            (
                "functional f(n) = n |> dense(300000) |> tanh |> dense(1)\nenergy(f, exp(-g.x^2))",
                Refuses("ksr::run::memory", "needs"),
            ),
        ],
    );
}

#[test]
fn calculations_too_large_are_refused() {
    check(
        "use std.losses\nuse std.functionals\ngrid g = uniform(points: 65, spacing: 0.2)\nsystem h on g { H at 0 }\n\
         grid long = uniform(points: 100001, spacing: 0.001)\nsystem li on long { Li at 0 }\nfunctional f(n) { param a = 0.5; -a * n }\n",
        &[
            (
                "train f { on: [h]; loss: losses.ksr(); scf: { iterations: 1000000 }; optimizer: lbfgs(steps: 2) }",
                Refuses("ksr::ks::option", "at most 10000 in training"),
            ),
            (
                "train f { on: [h]; loss: losses.ksr(); scf: { iterations: 1e9 }; optimizer: adam(steps: 2) }",
                Refuses("ksr::ks::option", "at most 10000 in training"),
            ),
            ("solve(li, with: functionals.lda, iterations: 1000000)", Refuses("ksr::run::memory", "needs")),
            ("max(channel(exact(li).pair_density, 64))", Refuses("ksr::run::memory", "`pair_density` needs")),
        ],
    );
}

/// The bytes of an array before its elements, of which it says this type and shape.
fn header(element: &str, shape: &str) -> Vec<u8> {
    let text = format!("{{'descr': '{element}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    [b"\x93NUMPY\x01\x00", &(text.len() as u16).to_le_bytes()[..], text.as_bytes()].concat()
}

/// An archive with one array that unpacks to `zeros` zeros of a byte each.
fn bomb(zeros: usize) -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("weights.npy", options).expect("a member");
    archive.write_all(&header("|b1", &format!("{zeros},"))).expect("written");
    let zero = vec![0; 1 << 20];
    for _ in 0..zeros / zero.len() {
        archive.write_all(&zero).expect("written");
    }
    archive.finish().expect("an archive").into_inner()
}

#[test]
fn an_archive_that_unpacks_to_gigabytes_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for zeros in [1 << 28, 1 << 29] {
        let path = folder.path().join("bomb.npz");
        std::fs::write(&path, bomb(zeros)).expect("written");
        let path = path.display();
        let script = format!("functional f(n) {{ param a[5] = 0; n * sum(a) }}\nload(f, \"{path}\")\n");
        let refused = run(&script, &["--max-memory", "200MB"]);
        assert_eq!((refused.status, refused.out.as_str()), (1, ""), "{}", refused.err);
    }
}

#[test]
fn a_data_set_is_weighed_before_it_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let begin = header("<f8", "1000000, 101");
    let mut file = std::fs::File::create(folder.path().join("densities.npy")).expect("a file");
    file.write_all(&begin).expect("written");
    // It takes no space on the disk.
    file.set_len(begin.len() as u64 + 808_000_000).expect("its length");
    let refused = run(&format!("dataset(\"{}\")\n", folder.path().display()), &["--max-memory", "300MB"]);
    assert!(refused.status == 1 && refused.err.contains("this data set needs 1.6 GB"), "{}", refused.err);
}

#[test]
fn what_only_looks_large_is_not_refused() {
    check(
        "",
        &[
            ("len(0 .. 9999999)", Shows(&["10000000"])),
            ("sum(0 .. 9999999)", Shows(&["49999995000000"])),
            ("len(fold(0 .. 20, fn(a, k) = join(a, a), [1]))", Shows(&["2097152"])),
        ],
    );
}
