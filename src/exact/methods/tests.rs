use super::*;
use crate::control::Quiet;
use crate::exact::solve;
use crate::model::{Grid, Interaction};

fn wells(interaction: Interaction, electrons: usize, unpaired: usize) -> Arc<System> {
    let grid = Arc::new(Grid::centred(101, 0.15));
    let potential = grid.xs().iter().map(|x| -4.0 * (-0.5 * x * x).exp() + 0.1 * x).collect();
    let (label, nuclei, nuclear_repulsion) = ("wells".to_string(), vec![], 0.0);
    Arc::new(System { label, grid, interaction, nuclei, potential, nuclear_repulsion, electrons, unpaired })
}

#[test]
fn the_first_that_suits_is_taken() {
    let taken =
        |interaction: Interaction, electrons: usize| automatic(&wells(interaction, electrons, electrons % 2)).name();
    assert_eq!(
        [1, 2, 3, 40].map(|n| taken(Interaction::BAKER, n)),
        ["independent", "two_electrons", "determinants", "determinants"]
    );
    assert_eq!([1, 2, 3, 40].map(|n| taken(Interaction::None, n)), ["independent"; 4]);
}

#[test]
fn every_method_has_a_name_of_its_own() {
    for method in METHODS {
        assert_eq!(named(method.name()), Some(*method));
        assert_ne!(method.name(), AUTOMATIC);
    }
    assert_eq!(named("banana"), None);
    let names: Vec<&str> = METHODS.iter().map(|method| method.name()).collect();
    assert_eq!(METHOD_NAMES, [&[AUTOMATIC], names.as_slice()].concat());
}

#[test]
fn methods_that_suit_the_same_system_agree() {
    let cases =
        [(Interaction::BAKER, 2, 0), (Interaction::BAKER, 2, 2), (Interaction::None, 2, 0), (Interaction::None, 2, 2)];
    for (interaction, electrons, unpaired) in cases {
        let system = wells(interaction, electrons, unpaired);
        let methods: Vec<_> = METHODS.iter().copied().filter(|method| method.suits(&system)).collect();
        assert_eq!(methods.len(), 2, "{electrons} {unpaired}");
        let answers: Vec<_> = methods
            .iter()
            .map(|method| {
                let found = solve(&system, &Options::by(Some(*method), &system), &Quiet).expect("an answer");
                assert_eq!(found.method(), Some(*method));
                assert!(found.error <= method.accuracy(&system), "{method:?}: {:e}", found.error);
                found
            })
            .collect();
        let apart = answers[0].energy - answers[1].energy;
        assert!(apart.abs() <= answers[0].error + answers[1].error, "{methods:?}: {apart:e}");
        let square = |k: usize| (answers[0].total_density()[k] - answers[1].total_density()[k]).powi(2);
        assert!((0..101).map(square).sum::<f64>() < 1e-7, "{methods:?}");
    }
}

#[test]
fn a_method_refuses_what_it_does_not_solve() {
    let three = wells(Interaction::BAKER, 3, 1);
    let of = |name: &str| solve(&three, &Options { method: named(name), ..Options::default() }, &Quiet);
    for name in ["independent", "two_electrons"] {
        let Err(ExactError::Method { method, suitable, .. }) = of(name) else { panic!("{name} does not refuse") };
        assert_eq!((method, suitable), (name, vec!["determinants"]));
    }
}
