//! A data set as the published programs keep it (Kalita et al., J. Phys. Chem. Lett. 13, 2540 (2022); Li et al., Phys. Rev.
//! Lett. 126, 036401 (2021)): a folder with one `.npy` file a quantity, its first axis the systems. Here only shapes and
//! files are known; what the numbers mean is checked where systems are made of them.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::read_layout;
pub use write::write_layout;

use super::npy::DataError;
use miette::Diagnostic;
use thiserror::Error;

/// The arrays of a folder, a row a system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// `grids`: coordinates of the points, bohr.
    pub grid: Vec<f64>,
    /// Whether these are of single precision.
    pub grid_single: bool,
    /// `densities`: of all electrons, 1/bohr.
    pub densities: Vec<Vec<f64>>,
    /// `spin_densities`: up minus down, 1/bohr.
    pub spin_densities: Option<Vec<Vec<f64>>>,
    /// `total_energies`: electronic, without nuclear repulsion, hartree.
    pub energies: Vec<f64>,
    /// `nuclear_charges`; 0 is no nucleus.
    pub charges: Vec<Vec<f64>>,
    /// `locations`: of the nuclei, bohr.
    pub locations: Vec<Vec<f64>>,
    /// `num_electrons`.
    pub electrons: Vec<f64>,
    /// `num_unpaired_electrons`.
    pub unpaired: Option<Vec<f64>>,
    /// `external_potentials`, hartree.
    pub potentials: Option<Vec<Vec<f64>>>,
    /// Whether these are of single precision.
    pub potentials_single: bool,
    /// `distances`, bohr.
    pub distances: Option<Vec<f64>>,
    /// `latex_symbols`, `symbols` or `names`.
    pub names: Option<Vec<String>>,
}

/// Why a folder is no data set, or cannot become one.
#[derive(Debug, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum LayoutError {
    /// No such folder.
    #[error("there is no such folder")]
    #[diagnostic(code(ksr::data::folder), help("paths are relative to the folder of the file they stand in"))]
    Folder,
    /// A needed array is not there.
    #[error("the folder has no `{file}`")]
    #[diagnostic(code(ksr::data::missing), help("a data set is a folder of {needed}; optional are {optional}"))]
    Missing { file: String, needed: String, optional: String },
    /// A file that cannot be read or written, or holds no numbers.
    #[error(transparent)]
    #[diagnostic(code(ksr::data::file))]
    File(#[from] DataError),
    /// Objects of Python.
    #[error("`{file}` holds Python objects that are not read: {reason}")]
    #[diagnostic(
        code(ksr::data::objects),
        help(
            "write the array anew in Python, shorter rows padded with 0 (a nuclear charge of 0 is no nucleus):\n\
             rows = numpy.load(\"{file}\", allow_pickle=True)\n\
             longest = max(len(r) for r in rows)\n\
             rows = [list(r) + (longest - len(r)) * [0.0] for r in rows]\n\
             numpy.save(\"{file}\", rows)"
        )
    )]
    Objects { file: String, reason: String },
    /// Names as objects of Python.
    #[error("`{file}` holds Python objects: names are read from an array of texts")]
    #[diagnostic(
        code(ksr::data::objects),
        help(
            "write the array anew in Python:\n\
             names = numpy.load(\"{file}\", allow_pickle=True)\n\
             numpy.save(\"{file}\", names.astype(str))"
        )
    )]
    NameObjects { file: String },
    /// Something else in the place of numbers.
    #[error("`{file}` must hold {wanted}, not {found}")]
    #[diagnostic(code(ksr::data::elements))]
    Elements { file: String, wanted: &'static str, found: &'static str },
    /// Shapes that do not agree.
    #[error("`{file}` has the shape {found}, but {wanted}")]
    #[diagnostic(code(ksr::data::shape), help("the first axis of every array are the systems, here {systems}"))]
    Shape { file: String, found: String, wanted: String, systems: usize },
    /// A row that is longer or shorter than it should be.
    #[error("`{file}` has {found} numbers at index {index}, but {wanted}")]
    #[diagnostic(code(ksr::data::row))]
    Row { file: String, index: usize, found: usize, wanted: String },
    /// Grids that differ.
    #[error("the systems of `grids.npy` have different grids: index {index} differs from index 0")]
    #[diagnostic(code(ksr::data::grids), help("keep systems on different grids in folders of their own"))]
    Grids { index: usize },
    /// Not a number, or infinite.
    #[error("`{file}` has {value} at index {index}")]
    #[diagnostic(code(ksr::data::not_finite), help("every number of a data set must be finite"))]
    NotFinite { file: String, index: usize, value: f64 },
    /// A folder with something else in it.
    #[error("the folder holds `{file}`, which is no part of a data set")]
    #[diagnostic(
        code(ksr::data::occupied),
        help("choose another folder, or move that file away: the folder is replaced")
    )]
    Occupied { file: String },
    /// The folder cannot be written.
    #[error("the folder cannot be written: {reason}")]
    #[diagnostic(code(ksr::data::write))]
    Write { reason: std::io::Error },
}

const NEEDED: [&str; 6] = ["densities", "total_energies", "locations", "nuclear_charges", "num_electrons", "grids"];
const OPTIONAL: [&str; 9] = [
    "num_unpaired_electrons",
    "external_potentials",
    "spin_densities",
    "distances",
    "distances_x100",
    "latex_symbols",
    "symbols",
    "names",
    "magnetization_densities",
];
/// Names of systems, the first file that is there.
const NAMES: [&str; 3] = ["latex_symbols", "symbols", "names"];

fn npy(name: &str) -> String {
    format!("{name}.npy")
}
