//! Many processes, one script: the same bytes whoever calculated what, and whoever died.
#![cfg(unix)]
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/command.rs"]
mod command;

use command::{Place, finished};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// Trains four seeds, solves lists, saves a model, a table and a figure.
const SCRIPT: &str = "use std.losses
use std.networks (smooth_global)
let steps = 12
grid line = uniform(points: 129, spacing: 0.2 bohr)
system h2(R) on line { H at -R / 2; H at R / 2 }
let model = train smooth_global {
  on:        [h2(1.2), h2(4)]
  loss:      losses.ksr()
  scf:       { iterations: 12, mixing: linear(0.5), symmetric: true }
  optimizer: lbfgs(steps: steps)
  seeds:     0 .. 3
}
model.seeds
let references = exact([h2(R) for R in 0.8 .. 4 by 0.4])
let runs = solve(references, with: model)
[runs[k].total_energy - references[k].total_energy for k in 0 .. len(runs) - 1]
let t = table { energy: [r.total_energy for r in runs] }
save(model, \"model.ksr\")
save(t, \"energies.csv\")
plot(t.energy) |> save(\"energies.svg\")
use \"model.ksr\"
solve(h2(2), with: model).total_energy
";

/// What a script leaves.
const FILES: [&str; 3] = ["model.ksr", "energies.csv", "energies.svg"];

/// A folder with the script.
fn place() -> Place {
    let place = Place::new();
    place.file("script.ksr", SCRIPT);
    place
}

/// A process of an ensemble, not started yet; `rank`: its number, if an engine gives one.
fn process(place: &Place, store: &Path, rank: Option<usize>, beat: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ksr"));
    command
        .current_dir(place.path())
        .args(["run", "-q", "--beat", beat, "script.ksr", "--together"])
        .arg(store)
        .env("KSR_CACHE_DIR", place.path().join(".cache"))
        .env("RAYON_NUM_THREADS", "1")
        .env("NO_COLOR", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for name in
        ["SLURM_PROCID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_ID", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"]
    {
        command.env_remove(name);
    }
    if let Some(rank) = rank {
        command.env("OMPI_COMM_WORLD_RANK", rank.to_string());
    }
    command
}

/// What a process says, and its status.
fn ended(child: Child) -> (String, String, Option<i32>) {
    let output = child.wait_with_output().expect("an end");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// What a single process without a store shows and saves.
fn alone() -> (String, Vec<Vec<u8>>) {
    let place = place();
    let (out, err, status) = finished(place.ksr().args(["run", "-q", "script.ksr"]));
    assert_eq!(status, 0, "{err}");
    (out, saved(&place))
}

fn saved(place: &Place) -> Vec<Vec<u8>> {
    FILES.iter().map(|name| fs::read(place.path().join(name)).expect("a saved file")).collect()
}

#[test]
fn processes_share_the_work_and_the_first_shows() {
    let (shown, files) = alone();
    for count in [2, 10] {
        let (place, store) = (place(), tempfile::tempdir().expect("a folder"));
        let store = store.path().join("new");
        let all: Vec<Child> =
            (0..count).map(|rank| process(&place, &store, Some(rank), "5s").spawn().expect("ksr starts")).collect();
        for (rank, child) in all.into_iter().enumerate() {
            let (out, err, status) = ended(child);
            assert_eq!((status, &*err), (Some(0), ""), "process {rank}");
            assert_eq!(out, if rank == 0 { shown.clone() } else { String::new() }, "process {rank}");
        }
        assert_eq!(saved(&place), files);
        let (status, err, _) = finished(place.ksr().args(["status"]).arg(&store));
        for line in [
            "train smooth_global, 4 seeds: 4 of 4 done",
            "solve 9 systems: 9 of 9 done",
            "exact 9 systems: 9 of 9 done",
        ] {
            assert!(status.contains(line), "{status}{err}");
        }
        // Nothing is left but results.
        assert_eq!(fs::read_dir(store.join("claims")).expect("a folder").count(), 0);
    }
}

/// A generator of numbers without a pattern.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Ten processes are killed at random times again and again; in the end one shows the bytes of a single process.
#[test]
fn killed_processes_lose_nothing() {
    let (shown, files) = alone();
    let (place, folder) = (place(), tempfile::tempdir().expect("a folder"));
    let store = folder.path().join("store");
    let start = |rank| process(&place, &store, Some(rank), "0.3s").spawn().expect("ksr starts");
    let mut all: Vec<Child> = (0..10).map(start).collect();
    let (mut state, mut kills) = (20_261_129, 0);
    while kills < 40 {
        std::thread::sleep(Duration::from_millis(20 + random(&mut state) % 80));
        let which = random(&mut state) as usize % all.len();
        if matches!(all[which].try_wait(), Ok(None)) {
            kills += 1;
        }
        // SIGKILL: nothing can be tidied up.
        let _ = all[which].kill();
        let _ = all[which].wait();
        all[which] = start(which);
    }
    for (rank, child) in all.into_iter().enumerate() {
        let (out, err, status) = ended(child);
        // One that ended between the last death of process 0 and its new start tells of it.
        let told = err.is_empty()
            || (rank > 0
                && (err.contains("which was to show and save") || err.contains("no process has shown and saved")));
        assert!(status == Some(0) && told, "process {rank}: {err}");
        assert_eq!(out, if rank == 0 { shown.clone() } else { String::new() }, "process {rank}");
    }
    assert_eq!(saved(&place), files);
}

/// A claim whose process is on a computer that no longer answers, with a clock of its own, is taken over.
#[test]
fn claims_of_dead_computers_are_taken_over() {
    let (place, folder) = (place(), tempfile::tempdir().expect("a folder"));
    let store = folder.path().join("store");
    // One process does all of it, so that the names of the units are known.
    let (shown, err, status) = ended(process(&place, &store, None, "5s").spawn().expect("ksr starts"));
    assert_eq!((status, &*err), (Some(0), ""));
    let units: Vec<_> = fs::read_dir(store.join("done")).expect("a folder").map(|e| e.expect("an entry")).collect();
    let hour = Duration::from_secs(3600);
    for (k, unit) in units.iter().enumerate().take(6) {
        fs::remove_file(unit.path()).expect("removed");
        let claim = store.join("claims").join(unit.file_name());
        let who = r#"{"who":{"host":"far","pid":1,"space":"","rank":7},"what":"something","beat":0.1}"#;
        // One is just being made.
        fs::write(&claim, if k == 0 { "" } else { who }).expect("a claim");
        let clock = if k % 2 == 0 { SystemTime::now() + hour } else { SystemTime::now() - hour };
        fs::File::options().write(true).open(&claim).and_then(|f| f.set_modified(clock)).expect("a time stamp");
    }
    let begun = Instant::now();
    let (out, err, status) = ended(process(&place, &store, None, "0.1s").spawn().expect("ksr starts"));
    assert_eq!((status, &*err), (Some(0), ""));
    assert_eq!(out, shown);
    // Not before they had been silent for eight beats.
    assert!(begun.elapsed() > Duration::from_millis(800));
    assert_eq!(fs::read_dir(store.join("claims")).expect("a folder").count(), 0);
}

/// Without numbers, the first to come shows; the next one if it has died.
#[test]
fn the_first_to_come_shows() {
    let (place, folder) = (place(), tempfile::tempdir().expect("a folder"));
    let store = folder.path().join("store");
    let mut first = process(&place, &store, None, "0.1s").spawn().expect("ksr starts");
    let claims = store.join("claims");
    let leads = || {
        fs::read_dir(&claims)
            .is_ok_and(|all| all.flatten().any(|e| e.file_name().to_string_lossy().starts_with("first-")))
    };
    while !leads() {
        assert!(matches!(first.try_wait(), Ok(None)), "it ends before it begins");
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = process(&place, &store, None, "1s").spawn().expect("ksr starts");
    std::thread::sleep(Duration::from_millis(700));
    let early = matches!(first.try_wait(), Ok(None));
    first.kill().expect("killed");
    first.wait().expect("an end");
    let (out, err, status) = ended(second);
    assert_eq!((out, status), (String::new(), Some(0)));
    assert!(!early || err.contains("run the script again with the same store"), "{err}");
    let (out, err, status) = ended(process(&place, &store, None, "1s").spawn().expect("ksr starts"));
    assert_eq!((status, &*err), (Some(0), ""));
    assert_eq!(out, alone().0);
}

/// A store that cannot be written, belongs to another build, another processor, or is something else is refused in a sentence.
#[test]
fn what_is_no_store_is_refused() {
    let (place, folder) = (place(), tempfile::tempdir().expect("a folder"));
    let run = |store: &Path| {
        let (out, err, status) = ended(process(&place, store, None, "5s").spawn().expect("ksr starts"));
        assert_eq!((&*out, status), ("", Some(2)), "{err}");
        err
    };
    let foreign = folder.path().join("foreign");
    fs::create_dir(&foreign).expect("a folder");
    fs::write(foreign.join("notes.txt"), "mine").expect("a file");
    assert!(run(&foreign).contains("is not a store of ksr, and it is not empty"));
    assert_eq!(fs::read_dir(&foreign).expect("a folder").count(), 1);
    assert!(run(&foreign.join("notes.txt")).contains("cannot make the store"));
    assert!(run(Path::new("/proc/store")).contains("cannot make the store"));
    let store = folder.path().join("store");
    let (.., status) = ended(process(&place, &store, None, "5s").spawn().expect("ksr starts"));
    assert_eq!(status, Some(0));
    let marker = store.join("ksr-store.json");
    let text = fs::read_to_string(&marker).expect("a marker");
    let with = |from: &str, to: &str| fs::write(&marker, text.replace(from, to)).expect("a marker");
    let value: serde_json::Value = serde_json::from_str(&text).expect("an object");
    let part = |name: &str| value.pointer(name).and_then(|v| v.as_str()).expect("a text").to_owned();
    with(&part("/build"), "0123456789abcdef");
    assert!(run(&store).contains("was begun by ksr 0.1.0 (build 01234567)"));
    with(&format!("\"{}\"", part("/version")), "\"0.0.9\"");
    assert!(run(&store).contains("was begun by ksr 0.0.9"));
    with(&part("/bits/instructions"), "aarch64");
    let told = run(&store);
    assert!(
        told.contains("with aarch64, and this processor calculates with") && told.contains("--constraint"),
        "{told}"
    );
    with(&part("/bits/results"), "0123456789abcdef");
    assert!(run(&store).contains("test calculation 01234567"));
    fs::write(&marker, "{").expect("a marker");
    assert!(run(&store).contains("is damaged"));
}

/// A full disk: results that cannot be shared are told, and every process calculates them by itself.
#[test]
fn a_full_disk_is_told() {
    let (shown, _) = alone();
    let (place, folder) = (place(), tempfile::tempdir().expect("a folder"));
    let store = folder.path().join("store");
    // The script saves nothing here: what it shows does not depend on the disk.
    let text: String = SCRIPT
        .lines()
        .filter(|line| !line.contains("save(") && !line.contains("model.ksr"))
        .map(|line| format!("{line}\n"))
        .collect();
    place.file("script.ksr", &text);
    let limited = |rank: usize| {
        let mut command = Command::new("sh");
        command
            .current_dir(place.path())
            .args(["-c", "ulimit -f 2; exec \"$0\" run -q --beat 0.2s script.ksr --together \"$1\""])
            .arg(assert_cmd::cargo::cargo_bin!("ksr"))
            .arg(&store)
            .env("OMPI_COMM_WORLD_RANK", rank.to_string())
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().expect("ksr starts")
    };
    let all: Vec<Child> = (0..2).map(limited).collect();
    for (rank, child) in all.into_iter().enumerate() {
        let (out, err, status) = ended(child);
        assert_eq!(status, Some(0), "{err}");
        assert!(err.contains("cannot be written") || err.contains("could not be written"), "{rank}: {err}");
        if rank == 0 {
            assert_eq!(out.trim(), shown.trim());
        }
    }
}

#[test]
fn a_store_is_cleaned() {
    let (place, folder) = (place(), tempfile::tempdir().expect("a folder"));
    let store = folder.path().join("store");
    ended(process(&place, &store, None, "5s").spawn().expect("ksr starts"));
    let clean = |args: &[&str]| finished(place.ksr().arg("clean").arg(&store).args(args));
    assert_eq!(clean(&[]), ("nothing was left behind\n".into(), String::new(), 0));
    let claim = store.join("claims/0123");
    fs::write(&claim, "{}").expect("a claim");
    let (_, err, status) = clean(&["--all"]);
    assert!(status == 1 && err.contains("processes are at work in it"), "{err}");
    let old = SystemTime::now() - Duration::from_secs(600);
    fs::File::options().write(true).open(&claim).and_then(|f| f.set_modified(old)).expect("a time stamp");
    let (out, ..) = finished(place.ksr().arg("status").arg(&store));
    assert!(out.contains("no sign of life"), "{out}");
    assert_eq!(clean(&[]).0, "1 file that a process left behind is removed\n");
    assert_eq!(clean(&["--all"]), ("the store is removed\n".into(), String::new(), 0));
    assert!(!store.exists());
    assert_eq!(clean(&[]).2, 2);
    assert_eq!(finished(place.ksr().arg("status").arg(&store)).2, 2);
}

/// An answer that another line asks for more accurately is another unit: the first line shows what it shows alone.
#[test]
fn accuracies_are_units_of_their_own() {
    let text = "grid g = uniform(points: 65, spacing: 0.4)\nsystem ion(Z) on g { nucleus(Z) at 0; electrons: 3 }\n\
                [r.energy for r in exact([ion(3), ion(4)], accuracy: 1e-2)]\n[r.energy for r in exact([ion(3), ion(4)], accuracy: 1e-6)]\n\
                [r.error for r in exact([ion(3), ion(4)], accuracy: 1e-3)]\nexact(ion(4), accuracy: 1e-2).energy\n";
    let (place, folder) = (place(), tempfile::tempdir().expect("a folder"));
    place.file("script.ksr", text);
    let (shown, err, _) = finished(place.ksr().args(["run", "-q", "script.ksr"]));
    let store = folder.path().join("store");
    for rank in [1, 0, 0, 1] {
        let (out, told, status) = ended(process(&place, &store, Some(rank), "5s").spawn().expect("ksr starts"));
        assert_eq!(status, Some(0));
        assert!(
            told == if rank == 0 { &*err } else { "" } || told.contains("no process has shown and saved"),
            "{told}"
        );
        assert_eq!(out, if rank == 0 { &*shown } else { "" });
    }
}

/// What silent processes save, tables, models, and whole folders, they can read again, and nobody else sees it.
#[test]
fn silent_processes_read_what_they_save() {
    let text = "grid g = uniform(points: 65, spacing: 0.4)\nsystem ion(Z) on g { nucleus(Z) at 0; electrons: 2 }\n\
                save(exact([ion(2), ion(3)]), \"set\")\nlet d = dataset(\"set\")\nd[1].energy\nassert(exists(\"set\"), \"it is there\")\n";
    let (place, folder) = (place(), tempfile::tempdir().expect("a folder"));
    place.file("script.ksr", text);
    let store = folder.path().join("store");
    let (out, err, status) = ended(process(&place, &store, Some(1), "5s").spawn().expect("ksr starts"));
    assert_eq!((&*out, status), ("", Some(0)));
    assert!(err.contains("no process has shown and saved"), "{err}");
    assert!(!place.path().join("set").exists());
    let (out, err, status) = ended(process(&place, &store, Some(0), "5s").spawn().expect("ksr starts"));
    assert!(status == Some(0) && !out.is_empty(), "{err}");
    assert!(place.path().join("set").exists());
}

/// A store that cannot be written any more: no process waits for claims that nobody can remove.
#[test]
fn a_store_that_becomes_read_only_does_not_stop_anybody() {
    let (place, folder) = (place(), tempfile::tempdir().expect("a folder"));
    let at = folder.path().join("disk");
    fs::create_dir(&at).expect("a folder");
    let mount = |args: &[&str]| {
        Command::new("mount").args(args).arg(&at).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
    };
    if !mount(&["-t", "tmpfs", "-o", "size=20M", "tmpfs"]) {
        return; // Only root can.
    }
    let store = at.join("store");
    let all: Vec<Child> =
        (0..2).map(|rank| process(&place, &store, Some(rank), "0.1s").spawn().expect("ksr starts")).collect();
    while !store.join("done").is_dir() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(300));
    let frozen = mount(&["-o", "remount,ro"]);
    for (rank, child) in all.into_iter().enumerate() {
        let (_, err, status) = ended(child);
        assert_eq!(status, Some(0), "process {rank}: {err}");
    }
    let _ = Command::new("umount").arg(&at).status();
    assert!(frozen);
    assert_eq!(saved(&place), alone().1);
}

#[test]
fn a_job_script_is_printed() {
    let place = place();
    let (out, err, status) =
        finished(place.ksr().args(["slurm", "script.ksr", "--tasks", "32", "--time", "2:00:00", "--set", "steps=200"]));
    assert_eq!((status, &*err), (0, ""));
    for line in [
        "#SBATCH --ntasks=32",
        "#SBATCH --time=2:00:00",
        "#SBATCH --signal=B:TERM@120",
        "#SBATCH --requeue",
        "srun --ntasks=32 --kill-on-bad-exit=0 ksr run --together script.store script.ksr --set steps=200 &",
    ] {
        assert!(out.lines().any(|l| l == line), "{line}\n{out}");
    }
    let (_, err, status) = finished(place.ksr().args(["slurm", "script.ksr", "--time", "2 hours"]));
    assert!(status == 2 && err.contains("2:00:00"), "{err}");
    assert_eq!(finished(place.ksr().args(["slurm", "no.ksr"])).2, 2);
    let checked = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn();
    if let Ok(mut child) = checked {
        use std::io::Write;
        child.stdin.take().expect("a pipe").write_all(out.as_bytes()).expect("written");
        assert!(child.wait().expect("an end").success());
    }
}
