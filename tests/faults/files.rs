//! Files that were lost, texts that were trusted.

use super::{Refuses, Shows, check, run, run_in};

const MODEL: &str = "functional g(n) { param a = 0.6; -a * n }\n";

#[test]
fn a_script_is_not_replaced_by_what_it_saves() {
    for path in ["script.ksr", "./script.ksr", "sub/../script.ksr", "../{folder}/script.ksr"] {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("sub")).expect("a folder");
        let name = folder.path().file_name().expect("a name").to_string_lossy().into_owned();
        let script = format!("{MODEL}save(init(g, seed: 1), \"{}\")\n", path.replace("{folder}", &name));
        std::fs::write(folder.path().join("script.ksr"), &script).expect("written");
        for force in [&[][..], &["--force"]] {
            assert_eq!(run_in(folder.path(), force).2, 1, "{path}");
            assert_eq!(
                std::fs::read_to_string(folder.path().join("script.ksr")).expect("the script"),
                script,
                "{path}"
            );
        }
    }
}

#[test]
fn texts_of_others_write_and_print_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let victim = folder.path().join("mine.csv");
    std::fs::write(&victim, "precious\n").expect("written");
    let (victim_path, lib) = (victim.display(), folder.path().join("lib.ksr"));
    for (text, used) in [
        (format!("let t = save(table {{ a: [1] }}, \"{victim_path}\")\n"), "lib.t"),
        (format!("fn t() = save(table {{ a: [1] }}, \"{victim_path}\")\n"), "lib.t()"),
        (format!("let t = [save(table {{ a: [k] }}, \"{victim_path}\") for k in 0 .. 3]\n"), "lib.t"),
        ("let t = print(\"looks like a message of ksr\")\n".to_owned(), "lib.t"),
    ] {
        std::fs::write(&lib, &text).expect("written");
        check(
            &format!("use \"{}\"\n", lib.display()),
            &[(used, Refuses("ksr::run::used_file_acts", "works only in the script itself"))],
        );
        assert_eq!(std::fs::read_to_string(&victim).expect("the file"), "precious\n", "{text}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = folder.path().join("pipe.ksr");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).expect("a pipe");
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero.ksr")).expect("a link");
    for name in ["pipe.ksr", "zero.ksr"] {
        let path = folder.path().join(name);
        let path = path.display();
        check(
            "",
            &[
                (&format!("use \"{path}\" as m"), Refuses("ksr::run::file", "not a file")),
                (&format!("load(\"{path}\")"), Refuses("ksr::run::file", "not a file")),
                (&format!("exists(\"{path}\")"), Shows(&["true"])),
            ],
        );
    }
}

#[test]
fn a_changed_checkpoint_is_not_used() {
    let script = "use std.losses\ngrid g = uniform(points: 65, spacing: 0.3)\nsystem he on g { He at 0 }\n\
                  functional f(n) { param a = 0.5; param b = 0.3; -a * n / (b + n) }\n\
                  let m = train f { on: [he]; loss: losses.ksr(); optimizer: lbfgs(steps: 4) }\nm.parameters\n";
    let first = run(script, &[]);
    assert_eq!((first.status, first.err.as_str()), (0, ""));
    let training = first.path(".cache").join("training");
    let mut files: Vec<_> =
        std::fs::read_dir(training).expect("a cache").map(|e| e.expect("an entry").path()).collect();
    files.retain(|path| path.is_file());
    assert!(!files.is_empty());
    let again = || run_in(&first.path(""), &[]);
    for file in files {
        let whole = std::fs::read(&file).expect("a checkpoint");
        for at in (0..whole.len()).step_by((whole.len() / 12).max(1)) {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&file, changed).expect("written");
            let (out, err, _) = again();
            assert_eq!(out, first.out, "byte {at} of {}", file.display());
            assert!(err.contains("so it is not used"), "byte {at}: {err}");
            std::fs::write(&file, &whole).expect("written");
        }
    }
}
