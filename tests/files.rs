//! What happens to files on the disk: nothing that ksr did not write is lost, nothing is half written, nothing but files is read.
#![cfg(unix)]
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/command.rs"]
mod command;

use command::{Place, finished};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

const MODEL: &str = "functional g(n) { param a = 0.6; -a * n }\nlet m = init(g, seed: 1)\n";

/// The messages and status of `ksr` with these arguments; a hanging one fails.
fn ran(place: &Place, args: &[&str]) -> (String, i32) {
    let (out, err, status) = finished(place.ksr().args(args).timeout(Duration::from_secs(60)));
    (format!("{out}{err}"), status)
}

#[test]
fn a_script_is_never_replaced_by_what_it_saves() {
    let place = Place::new();
    let path = |name: &str| place.path().join(name);
    fs::create_dir(path("x")).expect("a folder");
    place.file("other.ksr", "let a = 1\n");
    place.file("lib.ksr", "let b = 2\n");
    let paths =
        ["mine.ksr", "./x/../mine.ksr", "link.ksr", "hard.ksr", "lib.ksr", "lib_link.ksr", "mine.ksr/../mine.ksr"];
    for target in paths {
        let text = format!("use \"lib.ksr\"\n{MODEL}save(m, \"{target}\")\n");
        let script = place.file("mine.ksr", &text);
        for (from, to) in [("mine.ksr", "link.ksr"), ("lib.ksr", "lib_link.ksr")] {
            let _ = fs::remove_file(path(to));
            symlink(from, path(to)).expect("a link");
        }
        let _ = fs::remove_file(path("hard.ksr"));
        fs::hard_link(&script, path("hard.ksr")).expect("a link");
        for force in [&["run", "-q", "mine.ksr"][..], &["run", "-q", "--force", "mine.ksr"]] {
            let (message, status) = ran(&place, force);
            assert_eq!(status, 1, "{target}: {message}");
            assert_eq!(fs::read_to_string(&script).expect("the script"), text, "{target}: {message}");
        }
    }
    place.file("mine.ksr", &format!("{MODEL}save(m, \"other.ksr\")\n"));
    let (message, status) = ran(&place, &["run", "-q", "mine.ksr"]);
    assert!(
        status == 1 && message.contains("it is not a model that ksr saved") && message.contains("--force"),
        "{message}"
    );
    assert_eq!(fs::read_to_string(path("other.ksr")).expect("a script"), "let a = 1\n");
    // A table is not written over a script through a link either.
    symlink("other.ksr", path("t.csv")).expect("a link");
    place.file("table.ksr", "save(table { a: [1] }, \"t.csv\")\n");
    let (message, status) = ran(&place, &["run", "-q", "table.ksr"]);
    assert!(status == 1 && message.contains("it is not a table that ksr saved there"), "{message}");
    // Twice is fine, and a saved model needs no formatting.
    place.file("mine.ksr", &format!("{MODEL}save(m, \"model.ksr\")\n"));
    assert_eq!((ran(&place, &["run", "-q", "mine.ksr"]).1, ran(&place, &["run", "-q", "mine.ksr"]).1), (0, 0));
    assert_eq!(ran(&place, &["fmt", "--check", "model.ksr"]), (String::new(), 0));
}

#[test]
fn files_keep_their_permissions_and_links_stay() {
    let place = Place::new();
    let path = |name: &str| place.path().join(name);
    place.file("s.ksr", "save(table { a: [1] }, \"t.csv\")\nplot([1, 2], [1, 2]) |> save(\"f.svg\")\n");
    fs::create_dir(path("far")).expect("a folder");
    symlink("far/t.csv", path("t.csv")).expect("a link");
    assert_eq!(ran(&place, &["run", "-q", "s.ksr"]), (String::new(), 0));
    fs::set_permissions(path("far/t.csv"), fs::Permissions::from_mode(0o600)).expect("permissions");
    assert_eq!(ran(&place, &["run", "-q", "s.ksr"]), (String::new(), 0));
    assert!(fs::symlink_metadata(path("t.csv")).expect("a link").is_symlink());
    assert_eq!(fs::metadata(path("far/t.csv")).expect("a file").permissions().mode() & 0o777, 0o600);
    let mode = |name: &str| fs::metadata(path(name)).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode("f.svg"), mode("s.ksr"));
    place.file("f.svg", "old notes");
    let (message, status) = ran(&place, &["run", "-q", "s.ksr"]);
    assert!(status == 1 && message.contains("it is not an SVG figure"), "{message}");
    assert_eq!(fs::read_to_string(path("f.svg")).expect("a file"), "old notes");
    let left: Vec<_> = fs::read_dir(place.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".ksr")), "{left:?}");
}

#[test]
fn only_files_are_read() {
    let place = Place::new();
    let path = |name: &str| place.path().join(name);
    rustix::fs::mknodat(rustix::fs::CWD, path("pipe.ksr"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .expect("a pipe");
    symlink("pipe.ksr", path("pipe.npz")).expect("a link");
    symlink("/dev/zero", path("zero.ksr")).expect("a link");
    symlink("/dev/zero", path("zero.npy")).expect("a link");
    let large = fs::File::create(path("large.ksr")).expect("a file");
    large.set_len(1 << 36).expect("a large file");
    for (script, why) in [
        ("use \"pipe.ksr\" as p", "a device, pipe or socket"),
        ("use \"zero.ksr\" as z", "a device, pipe or socket"),
        ("use \"large.ksr\" as l", "larger than 64 megabytes"),
    ] {
        place.file("s.ksr", script);
        for command in ["check", "run"] {
            let (message, status) = ran(&place, &[command, "s.ksr"]);
            assert!(status == 1 && message.contains(why), "{command} {script}: {status} {message}");
        }
    }
    for load in ["load(g, \"pipe.npz\")", "load(g, \"zero.npy\")", "load(\"pipe.ksr\")"] {
        place.file("s.ksr", &format!("{MODEL}{load}"));
        let (message, status) = ran(&place, &["run", "s.ksr"]);
        assert!(status == 1 && message.contains("device, pipe or socket"), "{load}: {status} {message}");
    }
    // The script itself may be anything that ends.
    let (message, status) = ran(&place, &["check", "zero.ksr"]);
    assert!(status == 2 && message.contains("larger than 64 megabytes"), "{status} {message}");
    let piped = finished(place.ksr().args(["run", "/dev/stdin"]).write_stdin("1 + 1\n"));
    assert_eq!(piped, ("2\n".into(), String::new(), 0));
}

#[test]
fn a_model_from_somebody_else_writes_nothing() {
    let place = Place::new();
    place.file(
        "model.ksr",
        "functional f(n) = -0.4 * n\nfn quiet(x) { save(table { a: [1, 2] }, \"other.csv\"); x }\n\
         let saved = model(f, name: \"model\", parameters: quiet({}), origin: [])\n",
    );
    place.file("reader.ksr", "use \"model.ksr\" as m\nm\n");
    for command in ["run", "check"] {
        let (message, status) = ran(&place, &[command, "reader.ksr"]);
        assert!(status == 1 && message.contains("ksr::run::used_file_acts"), "{message}");
    }
    assert!(!place.path().join("other.csv").exists());
}
