//! A data set in the layout of the published programs (Kalita et al., J. Phys. Chem. Lett. 13, 2540 (2022); Li et al., Phys. Rev.
//! Lett. 126, 036401 (2021)): a folder with one `.npy` file per quantity, its first axis running over the systems. This module
//! checks files and shapes; the physics is checked where systems are made of the numbers.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::read_layout;
pub use write::write_layout;

use super::npy::DataError;
use miette::Diagnostic;
use thiserror::Error;

/// The arrays of a folder, one row per system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// `grids`: coordinates of the points, bohr.
    pub grid: Vec<f64>,
    /// Whether `grid` is in single precision.
    pub grid_single: bool,
    /// `densities`: of all electrons, 1/bohr.
    pub densities: Vec<Vec<f64>>,
    /// `spin_densities`: up minus down, 1/bohr.
    pub spin_densities: Option<Vec<Vec<f64>>>,
    /// `total_energies`: electronic, without nuclear repulsion, hartree.
    pub energies: Vec<f64>,
    /// `nuclear_charges`; 0 means no nucleus.
    pub charges: Vec<Vec<f64>>,
    /// `locations`: of the nuclei, bohr.
    pub locations: Vec<Vec<f64>>,
    /// `num_electrons`.
    pub electrons: Vec<f64>,
    /// `num_unpaired_electrons`.
    pub unpaired: Option<Vec<f64>>,
    /// `external_potentials`, hartree.
    pub potentials: Option<Vec<Vec<f64>>>,
    /// Whether `potentials` are in single precision.
    pub potentials_single: bool,
    /// `distances`, bohr.
    pub distances: Option<Vec<f64>>,
    /// `converged`: 1, or 0 for the results of calculations that did not converge.
    pub converged: Option<Vec<f64>>,
    /// `latex_symbols`, `symbols` or `names`.
    pub names: Option<Vec<String>>,
}

/// Why a folder is not a data set, or cannot become one.
#[derive(Debug, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum LayoutError {
    /// There is no folder at this path. Paths are relative to the folder of the script that contains them.
    ///
    /// What to do: check the path.
    #[error("there is no such folder")]
    #[diagnostic(code(ksr::data::folder), help("paths are relative to the folder of the script that contains them"))]
    Folder,
    /// An array that every data set needs is not in the folder.
    ///
    /// What to do: add the file; the page on data sets lists all of them.
    #[error("the folder has no `{file}`")]
    #[diagnostic(code(ksr::data::missing), help("a data set is a folder with {needed} and optionally {optional}"))]
    Missing { file: String, needed: String, optional: String },
    /// The file cannot be read, or is not a NumPy array of numbers.
    ///
    /// What to do: write it with `numpy.save`.
    #[error(transparent)]
    #[diagnostic(code(ksr::data::file))]
    File(#[from] DataError),
    /// The array holds Python objects other than lists and arrays of numbers. Reading these would mean executing code
    /// from the file, which ksr does not do.
    ///
    /// What to do: rewrite the array in Python as the help line shows, with shorter rows padded.
    #[error("`{file}` holds Python objects that cannot be read: {reason}")]
    #[diagnostic(
        code(ksr::data::objects),
        help(
            "rewrite the array in Python, with shorter rows padded with 0 (a nuclear charge of 0 means no nucleus):\n\
             rows = numpy.load(\"{file}\", allow_pickle=True)\n\
             longest = max(len(r) for r in rows)\n\
             rows = [list(r) + (longest - len(r)) * [0.0] for r in rows]\n\
             numpy.save(\"{file}\", rows)"
        )
    )]
    Objects { file: String, reason: String },
    /// Names stored as Python objects.
    #[error("`{file}` holds Python objects: names must be an array of strings")]
    #[diagnostic(
        code(ksr::data::objects),
        help(
            "rewrite the array in Python:\n\
             names = numpy.load(\"{file}\", allow_pickle=True)\n\
             numpy.save(\"{file}\", names.astype(str))"
        )
    )]
    NameObjects { file: String },
    /// The elements of the array are of a different kind from those that this file of a data set needs.
    ///
    /// What to do: convert it in Python, for example with `astype(float)`, and save it again.
    #[error("`{file}` must hold {wanted}, not {found}")]
    #[diagnostic(code(ksr::data::elements))]
    Elements { file: String, wanted: &'static str, found: &'static str },
    /// The shape of the array does not agree with the other arrays. The first axis counts the systems in all of them.
    ///
    /// What to do: compare with the table on the page about data sets, and transpose or trim the array.
    #[error("`{file}` has the shape {found}, but {wanted}")]
    #[diagnostic(code(ksr::data::shape), help("the first axis of every array runs over the systems, here {systems}"))]
    Shape { file: String, found: String, wanted: String, systems: usize },
    /// One row of an array has a different length from what the data set needs.
    ///
    /// What to do: correct the row, or pad shorter rows with nuclear charge 0.
    #[error("`{file}` has {found} numbers at index {index}, but {wanted}")]
    #[diagnostic(code(ksr::data::row))]
    Row { file: String, index: usize, found: usize, wanted: String },
    /// The systems of the data set have different grids, and ksr reads one grid per folder.
    ///
    /// What to do: keep systems on different grids in separate folders.
    #[error("the systems of `grids.npy` have different grids: index {index} differs from index 0")]
    #[diagnostic(code(ksr::data::grids), help("keep systems on different grids in separate folders"))]
    Grids { index: usize },
    /// A number of the data set is infinite or not a number.
    ///
    /// What to do: remove that system, or calculate it again.
    #[error("`{file}` has {value} at index {index}")]
    #[diagnostic(code(ksr::data::not_finite), help("every number of a data set must be finite"))]
    NotFinite { file: String, index: usize, value: f64 },
    /// Saving a data set replaces its folder, but this folder holds a file that does not belong to a data set. It is
    /// left untouched, so that nothing is lost.
    ///
    /// What to do: choose another folder, or move that file away.
    #[error("the folder holds `{file}`, which is not part of a data set")]
    #[diagnostic(
        code(ksr::data::occupied),
        help("choose another folder, or move that file away: the folder is replaced")
    )]
    Occupied { file: String },
    /// `save` replaces only a data set that it has written itself and that nobody has changed since; the folder says so in
    /// `saved_by_ksr.txt`. This one may be somebody's data.
    ///
    /// What to do: choose another folder. `ksr run --force` replaces the folder anyway, if it holds nothing but a data set.
    #[error("the folder is not replaced: {reason}")]
    #[diagnostic(code(ksr::data::not_replaced), help("choose another folder; `--force` replaces this one anyway"))]
    NotReplaced { reason: String },
    /// The folder cannot be made or written.
    ///
    /// What to do: check the path, your permissions there and the free space on the disk.
    #[error("the folder cannot be written: {why}", why = unwritten(reason))]
    #[diagnostic(code(ksr::data::write))]
    Write { reason: std::io::Error },
}

fn unwritten(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "the folder that would contain it does not exist".into(),
        _ => crate::problem::reason(error, "write"),
    }
}

const NEEDED: [&str; 6] = ["densities", "total_energies", "locations", "nuclear_charges", "num_electrons", "grids"];
const OPTIONAL: [&str; 10] = [
    "num_unpaired_electrons",
    "external_potentials",
    "spin_densities",
    "distances",
    "distances_x100",
    "latex_symbols",
    "symbols",
    "names",
    "magnetization_densities",
    "converged",
];
/// Files of systems' names; the first one present is read.
const NAMES: [&str; 3] = ["latex_symbols", "symbols", "names"];

fn npy(name: &str) -> String {
    format!("{name}.npy")
}
