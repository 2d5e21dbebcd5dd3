//! The gradient in training, and that training has the same result however it is run.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "helpers/functionals.rs"]
mod functionals;
#[path = "helpers/keeper.rs"]
mod keeper;
#[path = "helpers/training.rs"]
mod training;

use ksr::control::{Control, Event, Quiet};
use ksr::functional::Compiled;
use ksr::graph::{Binary, Graph, Shape, Unary};
use ksr::ks::Observable;
use ksr::model::System;
use ksr::tensor::Device;
use ksr::train::{
    Adam, Budget, Case, Ending, Lbfgs, LossGraph, LossInput, Optimizer, Plan, Rate, Store, TrainError, Trained,
    evaluate, train,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use training::{Published, Target, made_up};

fn with_targets(systems: &[Arc<System>]) -> Vec<(Arc<System>, Target)> {
    systems.iter().map(|system| (system.clone(), made_up(system))).collect()
}

/// The largest error of the gradient against central differences for some parameters, relative to the largest slope.
fn gradient_error(plan: &Plan, params: &[f64], count: usize) -> f64 {
    let (_, gradient) = evaluate(Device::Cpu, plan, params).unwrap();
    assert!(gradient.iter().all(|g| g.is_finite()));
    let largest = gradient.iter().fold(0.0f64, |a, g| a.max(g.abs()));
    let mut worst = 0.0f64;
    for i in 0..count {
        let i = (i * 7919 + 13) % params.len();
        let along = |step: f64| {
            let loss = |m: f64| {
                let mut moved = params.to_vec();
                moved[i] += m * step;
                evaluate(Device::Cpu, plan, &moved).unwrap().0
            };
            (functionals::central(step, loss) - gradient[i]).abs()
        };
        // A shorter step only where truncation matters.
        let error = along(1e-2);
        worst = worst.max(if error < 3e-7 * largest { error } else { error.min(along(1e-3)) });
    }
    worst / largest
}

#[test]
fn gradient_of_a_symmetric_restricted_training() {
    let systems = with_targets(&[training::h2(1.28), training::h2(3.84)]);
    let f = functionals::ksr_global();
    let loss = Published { skip: 6, ..Published::LI };
    let plan = training::plan(&f, &systems, loss, &training::linear(10, 0.5, 0.9, true));
    let error = gradient_error(&plan, &f.initial(1), 20);
    assert!(error < 1e-6, "{error}");
}

#[test]
fn gradient_of_an_unrestricted_training() {
    let systems = with_targets(&[training::ion(3.0, 3.0), training::ion(1.0, 1.0)]);
    let f = functionals::sksr_global();
    let loss = Published { skip: 6, ..Published::LI };
    let plan = training::plan(&f, &systems, loss, &training::linear(8, 0.5, 0.9, false));
    let error = gradient_error(&plan, &f.initial(2), 12);
    assert!(error < 1e-6, "{error}");
}

/// Closed and open shells, and one electron without any of the other spin, in one training run.
#[test]
fn gradient_of_a_mixed_training() {
    let systems = with_targets(&[training::ion(2.0, 2.0), training::ion(1.0, 1.0), training::h2(1.28)]);
    let f = functionals::sksr_global();
    let loss = Published { skip: 3, ..Published::LI };
    let plan = training::plan(&f, &systems, loss, &training::linear(5, 0.5, 0.9, false));
    let error = gradient_error(&plan, &f.initial(4), 6);
    assert!(error < 1e-6, "{error}");
}

/// The error of the gradient of a sum over observables (fields: of the integral of their squares) of lithium.
fn observables_error(numbers: &[Observable], fields: &[Observable]) -> f64 {
    let f = functionals::sksr_global();
    let (mut g, s) = (Graph::new(), Default::default());
    let mut loss = g.constant(0.0, s);
    for (k, observable) in numbers.iter().chain(fields).enumerate() {
        let x = match numbers.contains(observable) {
            true => g.input(format!("{k}"), Shape::SCALAR, s),
            false => {
                let field = g.input(format!("{k}"), Shape::FIELD, s);
                let square = g.unary(Unary::Pow(2.0), field, s);
                g.integral(square, s).unwrap()
            }
        };
        let term = g.scale(1.0 + 0.1 * k as f64, x, s);
        loss = g.binary(Binary::Add, loss, term, s).unwrap();
    }
    let inputs = numbers.iter().chain(fields).copied().map(LossInput::of).collect();
    let loss = LossGraph { graph: g, output: loss, inputs };
    let case = Case { systems: vec![training::ion(3.0, 3.0)], loss };
    let plan = Plan::new(f.clone(), vec![case], training::linear(3, 0.5, 0.9, false));
    gradient_error(&plan, &f.initial(3), 6)
}

#[test]
fn gradient_of_every_observable() {
    use Observable as O;
    let numbers = [
        O::Energy(1),
        O::Part("kinetic_energy"),
        O::Part("hartree_energy"),
        O::Part("xc_energy"),
        O::Part("external_energy"),
        O::OrbitalEnergy { spin: 0, index: 1 },
        O::OrbitalEnergy { spin: 1, index: 1 },
    ];
    let spins = [O::SpinDensity(0), O::SpinDensity(1), O::Potential(0), O::Potential(1)];
    let fields = [spins.as_slice(), &[O::Density(2), O::XcPotential(0), O::XcPotential(1)]].concat();
    let error = observables_error(&numbers, &fields);
    assert!(error < 1e-6, "{error}");
    // |n_out - n_in| has a kink wherever the two cross, over which differences average.
    let error = observables_error(&[O::Residual], &[]);
    assert!(error < 1e-3, "{error}");
}

/// Two distant wells, one orbital in each: the occupied pair is degenerate within rounding.
#[test]
fn a_degenerate_occupied_pair_has_a_gradient() {
    let grid = training::line();
    let (left, right) = (grid.snap(-12.0), grid.snap(12.0));
    let pair = training::on(grid, "pair", &[(2.0, left), (2.0, right)], 4.0, None);
    let f = functionals::ksr_global();
    let plan = training::plan(
        &f,
        &with_targets(&[pair]),
        Published { skip: 3, ..Published::LI },
        &training::linear(5, 0.5, 0.9, true),
    );
    let error = gradient_error(&plan, &f.initial(0), 6);
    assert!(error < 1e-6, "{error}");
}

/// A one-parameter functional on a small grid, which trains quickly.
fn tiny() -> (Arc<Compiled>, Plan) {
    let grid = Arc::new(ksr::model::Grid::centred(101, 0.16));
    let f = functionals::of(
        "functional f(n) {
          n |> global_conv(channels: 4, width: 0.1 .. 2.385345) |> conv(4, width: 3) |> silu |> dense(1) |> negative
        }
        f",
    );
    let at = |r: f64| training::on(grid.clone(), &format!("h2({r})"), &[(1.0, -r / 2.0), (1.0, r / 2.0)], 2.0, None);
    let scf = training::linear(6, 0.5, 0.9, true);
    let loss = Published { skip: 3, ..Published::LI };
    let mut plan = training::plan(&f, &with_targets(&[at(1.28), at(3.2)]), loss, &scf);
    plan.validation = training::plan(&f, &with_targets(&[at(2.24)]), loss, &scf).cases;
    plan.optimizer = Optimizer::Lbfgs(Lbfgs { steps: 12, history: 5, ..Lbfgs::default() });
    plan.seeds = vec![0, 1, 2];
    plan.validate_every = 3;
    plan.checkpoint_every = 2;
    (f, plan)
}

fn same(a: &Trained, b: &Trained) {
    let bits = |t: &Trained| t.best.parameters.iter().map(|p| p.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(a), bits(b));
    assert_eq!((a.seed, a.best.step), (b.seed, b.best.step));
    for (a, b) in a.seeds.iter().zip(&b.seeds) {
        assert_eq!((a.seed, &a.history, &a.kept, &a.outcome), (b.seed, &b.history, &b.kept, &b.outcome));
    }
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let (_, mut plan) = tiny();
    let mut results = Vec::new();
    for threads in [1, 2, 5] {
        plan.threads = Some(threads);
        results.push(train(Device::Cpu, &plan, &Store::none(), &Quiet).unwrap());
    }
    same(&results[0], &results[1]);
    same(&results[0], &results[2]);
    let t = &results[0];
    assert!(t.history()[0].loss > 2.0 * t.best.loss, "{t:?}");
    assert_eq!(t.seeds.len(), 3);
    let lowest = t.seeds.iter().filter_map(|s| s.kept.as_ref()?.validation).fold(f64::INFINITY, f64::min);
    assert_eq!(t.best.validation, Some(lowest));
}

/// Interrupts after a number of steps.
struct After(AtomicUsize);

impl Control for After {
    fn report(&self, event: Event) {
        if let Event::Step { .. } = event {
            let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        }
    }
    fn interrupted(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

#[test]
fn resuming_after_interruptions_gives_the_same_bits() {
    let (_, plan) = tiny();
    let whole = train(Device::Cpu, &plan, &Store::none(), &Quiet).unwrap();
    for optimizer in
        [plan.optimizer.clone(), Optimizer::Adam(Adam { steps: 12, rate: Rate::Constant(0.01), ..Adam::default() })]
    {
        let plan = Plan { optimizer, ..plan.clone() };
        let whole = train(Device::Cpu, &plan, &Store::none(), &Quiet).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let first = train(Device::Cpu, &plan, &store, &After(AtomicUsize::new(7))).unwrap();
        assert!(first.interrupted && !first.reused);
        let _ = train(Device::Cpu, &plan, &store, &After(AtomicUsize::new(11))).unwrap();
        let finished = train(Device::Cpu, &plan, &store, &Quiet).unwrap();
        assert!(!finished.interrupted && !finished.reused);
        same(&whole, &finished);
        let again = train(Device::Cpu, &plan, &store, &Quiet).unwrap();
        assert!(again.reused);
        same(&whole, &again);
        let fresh = train(Device::Cpu, &plan, &Store { fresh: true, ..store }, &Quiet).unwrap();
        assert!(!fresh.reused);
        same(&whole, &fresh);
    }
    assert!(whole.warnings.is_empty());
}

/// The last of 7 steps is validated only because it is the last, which must not affect a run of 12 steps.
#[test]
fn more_steps_and_more_seeds_resume_from_checkpoints() {
    let (_, plan) = tiny();
    let shorter = |optimizer: &Optimizer| match optimizer.clone() {
        Optimizer::Lbfgs(options) => Optimizer::Lbfgs(Lbfgs { steps: 7, ..options }),
        Optimizer::Adam(options) => Optimizer::Adam(Adam { steps: 7, ..options }),
    };
    for optimizer in
        [plan.optimizer.clone(), Optimizer::Adam(Adam { steps: 12, rate: Rate::Constant(0.01), ..Adam::default() })]
    {
        let plan = Plan { optimizer, ..plan.clone() };
        let short = Plan { optimizer: shorter(&plan.optimizer), seeds: vec![0, 1], ..plan.clone() };
        let (whole, part) =
            (train(Device::Cpu, &plan, &Store::none(), &Quiet), train(Device::Cpu, &short, &Store::none(), &Quiet));
        let (whole, part) = (whole.unwrap(), part.unwrap());
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        same(&part, &train(Device::Cpu, &short, &store, &Quiet).unwrap());
        let wider = train(Device::Cpu, &Plan { seeds: vec![1, 2, 0], ..short.clone() }, &store, &Quiet).unwrap();
        assert_eq!(wider.seeds.iter().map(|s| s.reused).collect::<Vec<_>>(), [true, false, true]);
        let counter = Evaluations::default();
        let longer = train(Device::Cpu, &plan, &store, &counter).unwrap();
        same(&whole, &longer);
        let steps = counter.0.load(Ordering::SeqCst);
        assert!(steps <= 3 * (5 + 1), "{steps} steps for three seeds that had 7 of 12");
        let again = train(Device::Cpu, &short, &store, &Quiet).unwrap();
        assert!(again.reused);
        same(&part, &again);
    }
}

/// Counts steps.
#[derive(Default)]
struct Evaluations(AtomicUsize);

impl Control for Evaluations {
    fn report(&self, event: Event) {
        if let Event::Step { .. } = event {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    fn interrupted(&self) -> bool {
        false
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// Collects the sentences.
#[derive(Default)]
struct Sentences(Mutex<Vec<String>>);

impl Control for Sentences {
    fn report(&self, event: Event) {
        if let Event::Message(sentence) = event {
            self.0.lock().unwrap().push(sentence);
        }
    }
    fn interrupted(&self) -> bool {
        false
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

#[test]
fn an_insufficient_budget_is_reported_once_and_only_if_something_is_trained() {
    let (_, mut plan) = tiny();
    plan.memory = Budget::Bytes(1000);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let run = || {
        let sentences = Sentences::default();
        let trained = train(Device::Cpu, &plan, &store, &sentences).unwrap();
        let told = sentences.0.into_inner().unwrap();
        (told.iter().filter(|sentence| sentence.contains("tapes of all iterations")).count(), trained.warnings.len())
    };
    assert_eq!([run(), run()], [(1, 1), (0, 0)]);
}

#[test]
fn an_interruption_before_the_first_step_is_an_error() {
    let (_, plan) = tiny();
    let stopped = train(Device::Cpu, &plan, &Store::none(), &After(AtomicUsize::new(0)));
    assert_eq!(stopped.unwrap_err(), TrainError::Interrupted);
}

#[test]
fn an_unwritable_checkpoint_is_a_warning() {
    let (_, mut plan) = tiny();
    plan.seeds = vec![0];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let trained = train(Device::Cpu, &plan, &Store::at(file.join("below")), &Quiet).unwrap();
    assert_eq!(trained.warnings.len(), 1, "{:?}", trained.warnings);
}

/// e = ln(a - n) is not a number where n exceeds a, and a is initially below the largest density.
#[test]
fn a_loss_that_is_not_finite_names_operation_iteration_and_system() {
    use ksr::functional::Density;
    use ksr::graph::Init;
    let (_, mut plan) = tiny();
    let mut b = functionals::Body::new();
    let n = b.n("n");
    let a = b.param("a", vec![], Init::Values(vec![1e-3]), None);
    let rest = b.b(Binary::Sub, a, n);
    let e = b.u(Unary::Ln, rest);
    plan.functional = b.compile(e, Density::Total);
    plan.seeds = vec![4, 5];
    let error = train(Device::Cpu, &plan, &Store::none(), &Quiet).unwrap_err();
    let TrainError::AllFailed { seed, cause, advice, .. } = &error else { panic!("{error}") };
    assert_eq!(*seed, 4);
    assert!(cause.contains("iteration 0") && cause.contains("h2(1.28)"), "{cause}");
    assert!(advice.contains("initial parameters"), "{advice}");
}

#[test]
fn other_seeds_continue_when_one_fails() {
    use ksr::functional::Density;
    use ksr::graph::Init;
    let (_, mut plan) = tiny();
    let mut b = functionals::Body::new();
    let n = b.n("n");
    let a = b.param("a", vec![], Init::Normal { mean: 0.0, deviation: 1.0 }, None);
    // sqrt(a): finite for half of the seeds.
    let root = b.u(Unary::Sqrt, a);
    let e = b.b(Binary::Mul, root, n);
    let f = b.compile(e, Density::Total);
    plan.seeds = (0..8).collect();
    let signs: Vec<bool> = plan.seeds.iter().map(|seed| f.initial(*seed)[0] > 0.0).collect();
    assert!(signs.contains(&true) && signs.contains(&false));
    plan.functional = f;
    plan.threads = Some(1);
    let alone = train(Device::Cpu, &plan, &Store::none(), &Quiet).unwrap();
    plan.threads = Some(3);
    let trained = train(Device::Cpu, &plan, &Store::none(), &Quiet).unwrap();
    same(&alone, &trained);
    for (record, finite) in trained.seeds.iter().zip(signs) {
        assert_eq!(matches!(record.outcome, Ending::Failed { .. }), !finite, "{record:?}");
    }
}

#[test]
fn impossible_trainings_are_refused() {
    let (_, plan) = tiny();
    let refused = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan.clone();
        change(&mut plan);
        train(Device::Cpu, &plan, &Store::none(), &Quiet).unwrap_err().to_string()
    };
    assert!(refused(&|plan| plan.cases.clear()).contains("no system"));
    assert!(refused(&|plan| plan.seeds.clear()).contains("at least one"));
    assert!(refused(&|plan| plan.seeds = vec![1, 1]).contains("twice"));
    assert!(refused(&|plan| plan.functional = functionals::lda()).contains("no parameters"));
    assert!(refused(&|plan| plan.scf = ksr::ks::ScfOptions::default()).contains("mixing"));
    assert!(refused(&|plan| plan.scf.iterations = 1_000_000).contains("at most 10000"));
    assert!(refused(&|plan| plan.scf.iterations = 4).contains("iteration 4"));
}

#[test]
fn trainings_that_share_a_folder_do_not_disturb_each_other() {
    let (_, plan) = tiny();
    let plan = Plan { checkpoint_every: 1, threads: Some(1), ..plan };
    let whole = train(Device::Cpu, &plan, &Store::none(), &Quiet).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let found = train(Device::Cpu, &plan, &store, &Quiet).unwrap();
                assert!(found.warnings.is_empty(), "{:?}", found.warnings);
                same(&whole, &found);
            });
        }
    });
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), plan.seeds.len());
}

#[test]
fn a_damaged_training_is_told_of_and_never_used() {
    let (_, plan) = tiny();
    let plan = Plan { seeds: vec![1], ..plan };
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let run = || train(Device::Cpu, &plan, &store, &Quiet).unwrap();
    let whole = run();
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let finished = std::fs::read(&file).unwrap();
    let stopped =
        train(Device::Cpu, &plan, &Store { fresh: true, ..store.clone() }, &After(AtomicUsize::new(9))).unwrap();
    assert!(stopped.interrupted);
    let checkpoint = std::fs::read(&file).unwrap();
    assert_ne!(checkpoint, finished);
    for intact in [&finished, &checkpoint] {
        let digits = intact.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()).map(|(index, _)| index);
        for index in digits.step_by(intact.len() / 12) {
            let mut damaged = intact.clone();
            // Another digit: still a checkpoint by its form.
            damaged[index] ^= 1;
            std::fs::write(&file, damaged).unwrap();
            let found = run();
            assert!(!found.reused && found.warnings.len() == 1, "{:?}", found.warnings);
            assert!(
                found.warnings[0].contains("is damaged") && found.warnings[0].contains("train-"),
                "{:?}",
                found.warnings
            );
            same(&whole, &found);
            assert_eq!(std::fs::read(&file).unwrap(), finished);
        }
    }
}

#[test]
fn a_million_seeds_are_checked_at_once() {
    let (_, plan) = tiny();
    let plan = Plan { seeds: (0..1_000_000).chain([7]).collect(), ..plan };
    assert!(plan.check().unwrap_err().to_string().ends_with("contains 7 twice"));
}
