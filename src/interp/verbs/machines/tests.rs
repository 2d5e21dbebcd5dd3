use crate::interp::tests::helpers::{code, number, take_lines, texts, values};

const XS: &str = "let xs = [0.2 * k for k in 0 .. 10]\nlet ys = [sin(x) for x in xs]\n";

#[test]
fn a_machine_gives_what_it_has_learned() {
    assert!(
        number(&format!("{XS}ridge(xs, ys, kernel: gaussian(width: 1), noise: 1e-12)(0.7) - sin(0.7)")).abs() < 1e-5
    );
    assert!(number(&format!("{XS}cross_validate(xs, ys)(0.7) - sin(0.7)")).abs() < 1e-6);
    // Energies stay energies, whatever their unit.
    let energies = format!("{XS}let m = ridge(xs, [y * (1 eV) for y in ys], kernel: gaussian(width: 1))\n");
    assert!((number(&format!("{energies}m(0.4) / (1 eV)")) - 0.4f64.sin()).abs() < 1e-5);
    // Vectors to vectors.
    let vectors =
        "let m = ridge([[a, a^2] for a in 0 .. 5], [[2 * a, -a, 1] for a in 0 .. 5], kernel: gaussian(width: 8))\n";
    assert!((number(&format!("{vectors}m([2, 4])[0]")) - 4.0).abs() < 1e-4);
    // A kernel of one's own is that of the language, if it is the same function.
    let own = format!(
        "{XS}ridge(xs, ys, kernel: fn(r) = exp(-r^2 / 2), noise: 1e-4)(0.3) - ridge(xs, ys, kernel: gaussian(width: 1), noise: 1e-4)(0.3)"
    );
    assert!(number(&own).abs() < 1e-12);
}

/// Value and derivative of a machine in the body of a functional, against the machine itself.
#[test]
fn a_machine_in_a_functional_has_its_derivative() {
    let head = "grid g = uniform(points: 41, spacing: 0.2)\n\
                let ns = [exp(-(g.x - 0.2 * k)^2) * (1 + 0.1 * k) for k in 0 .. 5]\nlet es = [integral(n^3) for n in ns]\n\
                let n = 0.9 * exp(-1.1 * (g.x - 0.3)^2)\nlet d = g.x * exp(-g.x^2)\n";
    for kernel in ["gaussian(width: 1.5)", "laplace(width: 2)", "fn(r) = 1 / (1 + r^2)"] {
        let machine = format!("{head}let m = ridge(ns, es, kernel: {kernel}, noise: 1e-6)\n");
        let with = format!("{machine}functional f(n) = m(n)\n");
        // The energy is ∫ n e with the number as e.
        let value = number(&format!("{with}energy(f, n) - m(n) * integral(n)"));
        assert!(value.abs() < 1e-9, "{kernel}: {value}");
        let slope = number(&format!("{with}integral(potential(f, n) * d)"));
        let by = 1e-4;
        let moved = |sign: f64| number(&format!("{with}energy(f, n + {} * d)", sign * by));
        let wanted = (moved(1.0) - moved(-1.0)) / (2.0 * by);
        assert!((slope - wanted).abs() < 1e-6 * wanted.abs().max(1.0), "{kernel}: {slope} {wanted}");
    }
}

/// Fields out, in the bases, on their own and in a body.
#[test]
fn fields_are_learned_in_each_basis() {
    let head = "grid g = uniform(points: 41, spacing: 0.2)\n\
                let vs = [g.x * 0.1 * k for k in -4 .. 4]\nlet ns = [exp(-(g.x - 0.1 * k)^2) for k in -4 .. 4]\n\
                let v = g.x * 0.17\nlet wanted = exp(-(g.x - 0.17)^2)\n";
    for basis in ["", ", basis: fourier(20)", ", basis: principal(6)"] {
        for how in ["ridge(vs, ns, kernel: gaussian(width: 4), noise: 1e-9", "cross_validate(vs, ns, folds: 3"] {
            let machine = format!("{head}let m = {how}{basis})\n");
            let off = number(&format!("{machine}integral(abs(m(v) - wanted))"));
            assert!(off < 2e-3, "{how}{basis}: {off}");
            // As a part of a functional: the energy of the field that comes out.
            let within =
                number(&format!("{machine}functional f(n) = m(n)\nenergy(f, v + 2) - integral((v + 2) * m(v + 2))"));
            assert!(within.abs() < 1e-6, "{how}{basis}: {within}");
        }
    }
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let head = "grid g = uniform(points: 41, spacing: 0.2)\ngrid c = uniform(points: 21, spacing: 0.4)\n";
    let kernel = "kernel: gaussian(width: 1)";
    for (call, wanted) in [
        (format!("ridge([1, 1], [1, 2], {kernel})"), "ksr::learn::twins"),
        (format!("ridge([1, 2], [1], {kernel})"), "ksr::learn::lengths"),
        (format!("ridge([], [], {kernel})"), "ksr::learn::too_few"),
        (format!("ridge([1, 2], [0 / 0, 1], {kernel})"), "ksr::learn::not_finite"),
        (format!("ridge([g.x, c.x], [1, 2], {kernel})"), "ksr::learn::unequal"),
        (format!("ridge([1, [1, 2]], [1, 2], {kernel})"), "ksr::learn::unequal"),
        (format!("ridge([1 bohr, 1 hartree], [1, 2], {kernel})"), "ksr::learn::unequal"),
        (format!("ridge([\"a\", \"b\"], [1, 2], {kernel})"), "ksr::run::value"),
        ("ridge([1, 2], [1, 2], kernel: gaussian)".into(), "ksr::run::value"),
        (format!("ridge([1, 2], [1, 2], {kernel}, noise: -1)"), "ksr::run::value"),
        (format!("ridge([1, 2], [1, 2], {kernel}, basis: fourier(2))"), "ksr::run::value"),
        (format!("ridge([1, 2], [g.x, 2 * g.x], {kernel}, basis: fourier(50))"), "ksr::learn::basis"),
        ("ridge([1, 2], [1, 2], kernel: fn(r) = 1 / r)".into(), "ksr::learn::kernel"),
        ("gaussian(width: 0)".into(), "ksr::run::value"),
        ("cross_validate([1, 2, 3], [1, 2, 3])".into(), "ksr::learn::too_few"),
        ("cross_validate([1, 2, 3], [1, 2, 3], folds: 1)".into(), "ksr::run::value"),
        (format!("ridge([1, 2], [1, 2], {kernel})(g.x)"), "ksr::run::value"),
        (format!("ridge([1, 2], [1, 2], {kernel})([1, 2])"), "ksr::run::value"),
    ] {
        assert_eq!(code(&format!("{head}{call}")), wanted, "{call}");
    }
    assert_eq!(
        code(&format!("{head}functional f(n) = ridge([c.x, 2 * c.x], [1, 2], {kernel})(n)\nenergy(f, exp(-g.x^2))")),
        "ksr::functional::other_grid"
    );
}

#[test]
fn noise_below_rounding_is_told() {
    take_lines();
    values(&format!("{XS}ridge(xs, ys, kernel: gaussian(width: 50), noise: 0).condition"));
    let told = take_lines().join("\n");
    assert!(told.contains("learn::condition"), "{told}");
    take_lines();
    values(&format!("{XS}cross_validate(xs, ys, widths: [0.1, 0.2]).width"));
    let told = take_lines().join("\n");
    assert!(told.contains("learn::at_end"), "{told}");
}

#[test]
fn uncertainty_is_zero_where_it_has_been() {
    let m = format!("{XS}let m = ridge(xs, ys, kernel: gaussian(width: 0.5), noise: 1e-12)\n");
    assert!(number(&format!("{m}uncertainty(m, 0.4)")) < 1e-3);
    assert!((number(&format!("{m}uncertainty(m, 20)")) - 1.0).abs() < 1e-9);
    assert_eq!(texts(&format!("{m}m.kernel")), ["gaussian"]);
}

/// The same function is an interaction, called on a distance, and the kernel.
#[test]
fn a_gaussian_is_a_function_of_the_distance() {
    assert!((number("gaussian(strength: 3, width: 2)(1) / 3") - (-0.125f64).exp()).abs() < 1e-14);
    assert!((number("laplace(width: 2)(1)") - (-0.5f64).exp()).abs() < 1e-14);
    let head = "grid g = uniform(points: 81, spacing: 0.2)\n";
    let energy = |interaction: &str| {
        number(&format!("{head}system s on g {{ He at 0; interaction: {interaction} }}\nexact(s).energy"))
    };
    let apart = energy("gaussian(strength: 0.8, width: 1.5)") - energy("fn(r) = 0.8 * exp(-r^2 / 4.5)");
    assert!(apart.abs() < 1e-10, "{apart}");
    assert_eq!(code("ridge([0, 1], [0, 1], kernel: gaussian(strength: 2))"), "ksr::run::value");
}

#[test]
fn a_learning_curve_falls_and_says_what_was_chosen() {
    let data = "let xs = [0.1 * k for k in 0 .. 30]\nlet ys = [sin(x) * (1 hartree) for x in xs]\n";
    for choose in ["evenly", "randomly", "actively"] {
        let table = format!("{data}let t = learning_curve(xs, ys, sizes: [8, 4, 8, 12], choose: \"{choose}\")\n");
        assert_eq!(texts(&format!("{table}t.size")), ["[4, 8, 12]"]);
        assert!(number(&format!("{table}t.mean_error[2] / t.mean_error[0]")) < 0.1, "{choose}");
        assert!(number(&format!("{table}t.largest_error[1] - t.mean_error[1]")) > 0.0, "{choose}");
    }
    // It is cross-validation with some of the inputs, whose errors are those of the others.
    let by_hand = format!(
        "{data}let some = [0, 10, 20, 30]\nlet m = cross_validate([xs[k] for k in some], [ys[k] for k in some], folds: 4)\n\
         learning_curve(xs, ys, sizes: [4], folds: 9).mean_error[0] - mean([abs(m(xs[k]) - ys[k]) for k in 0 .. 30 if not contains(some, k)])"
    );
    assert!(number(&by_hand).abs() < 1e-12);
    assert_eq!(texts(&format!("{data}learning_curve(xs, ys, sizes: [4]).chosen")), ["[[0, 10, 20, 30]]"]);
    let active = format!("{data}let chosen = learning_curve(xs, ys, sizes: [4, 6], choose: \"actively\").chosen\n");
    assert_eq!(number(&format!("{active}len(chosen[1]) - len([k for k in chosen[0] if contains(chosen[1], k)])")), 2.0);
    for call in ["sizes: [1]", "sizes: [31]", "sizes: []", "sizes: [4], folds: 1", "sizes: [4], choose: \"well\""] {
        assert_eq!(code(&format!("{data}learning_curve(xs, ys, {call})")), "ksr::run::value", "{call}");
    }
}

/// What is the same for all fields is not learned, but known: also far from everything.
#[test]
fn fields_are_learned_around_their_mean() {
    let head = "grid g = uniform(points: 41, spacing: 0.2)\nlet ns = [exp(-(g.x - 0.1 * k)^2) for k in -4 .. 4]\n\
                let m = ridge([0.1 * k for k in -4 .. 4], ns, kernel: gaussian(width: 0.5), noise: 1e-8)\n";
    assert!(number(&format!("{head}integral(abs(m(100) - fold(ns, fn(a, b) = a + b) / 9))")) < 1e-12);
    assert!(number(&format!("{head}integral(abs(m.mean - fold(ns, fn(a, b) = a + b) / 9))")) < 1e-12);
    let wall = "let w = uniform(from: 0, to: 1, points: 49, wall: odd)\nlet ns = [(1 + 0.2 * k) * sin(pi * w.x)^2 for k in 0 .. 4]\n\
                let m = cross_validate([0, 1, 2, 3, 4], ns, basis: fourier(20))\n";
    assert!(number(&format!("{wall}max(abs(m(1.5) - 1.3 * sin(pi * w.x)^2))")) < 1e-3);
}

/// Components are orthonormal, and all of them together give back every sample.
#[test]
fn principal_components_are_fields() {
    let head = "grid g = uniform(points: 41, spacing: 0.2)\nlet ns = [exp(-(g.x - 0.1 * k)^2) for k in -4 .. 4]\n\
                let p = principal_components(ns, count: 7)\n";
    let overlaps = "[[integral(a * b) for b in p.components] for a in p.components]";
    let apart = format!(
        "{head}let all = {overlaps}\nmax([max(abs([all[i][j] - (if i == j then 1 else 0) for j in 0 .. 6])) for i in 0 .. 6])"
    );
    assert!(number(&apart) < 1e-6);
    let back = format!(
        "{head}max(abs(p.mean + fold([phi * integral((ns[2] - p.mean) * phi) for phi in p.components], fn(a, b) = a + b) - ns[2]))"
    );
    // Those of variances below 1e-14 of the largest are left out.
    assert!(number(&back) < 1e-6);
    let spread = format!("{head}mean([integral((n - p.mean)^2) for n in ns]) - sum(p.variances)");
    assert!(number(&spread).abs() < 1e-10);
    // A coefficient is a number of the whole density, with its derivative.
    let slope = format!(
        "{head}let q = p.components[0]\ntotal functional F(n) = integral((n - p.mean) * q)^2\n\
         max(abs(potential(F, ns[0]) - 2 * q * integral((ns[0] - p.mean) * q)))"
    );
    assert!(number(&slope) < 1e-9);
    for call in ["count: 9", "count: 0"] {
        assert_eq!(code(&format!("{head}principal_components(ns, {call})")), "ksr::run::value", "{call}");
    }
    assert_eq!(code("principal_components([])"), "ksr::run::value");
    assert_eq!(code("principal_components([1, 2])"), "ksr::types::mismatch");
}

/// A kernel of one's own is saved with all that it uses, and gives the same numbers when it is loaded.
#[test]
fn own_kernels_are_saved_and_loaded() {
    let head = format!("{XS}let range = 1.5\nfn decay(x) = exp(-x)\n");
    for kernel in ["fn(r) = decay(r^1.5 / range)", "own", "fn(r) = 1 / (1 + r^2)"] {
        let script = format!(
            "{head}fn own(r) = decay(r * r)\nlet m = ridge(xs, ys, kernel: {kernel}, noise: 1e-8)\nsave(m, \"m.json\")\n\
             let back = load(\"m.json\")\nmax([abs(back(x + 0.01) - m(x + 0.01)) for x in xs])"
        );
        assert_eq!(number(&script), 0.0, "{kernel}");
    }
    // A field cannot be written as text.
    let captured = format!(
        "{head}let f = uniform(points: 41, spacing: 0.2).x\nlet m = ridge(xs, ys, kernel: fn(r) = exp(-r) + 0 * integral(f), noise: 1e-8)\n\
         save(m, \"m.json\")"
    );
    assert_eq!(code(&captured), "ksr::run::value");
}
