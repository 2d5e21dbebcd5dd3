//! Reads the files of a data set.

use super::{Layout, LayoutError, NAMES, NEEDED, OPTIONAL, npy};
use crate::data::npy::{Content, DataError, read_content};
use crate::world::{PathKind, World};
use std::path::Path;

/// Reads a folder; a single number instead of one per system applies to all systems.
///
/// # Errors
/// A file is missing or not readable, shapes do not agree, or a number is not finite.
pub fn read_layout(world: &dyn World, folder: &Path) -> Result<Layout, LayoutError> {
    let folder = Folder { world, path: folder, systems: 0 };
    if world.kind(folder.path) != Some(PathKind::Folder) {
        return Err(LayoutError::Folder);
    }
    let energies = folder.needed("total_energies")?;
    let (densities, charges) = (folder.needed("densities")?, folder.needed("nuclear_charges")?);
    let locations = folder.needed("locations")?;
    let folder = Folder { systems: systems(&energies, &[&densities, &charges, &locations]), ..folder };
    if energies.count() != folder.systems || energies.shape.first().is_some_and(|n| *n != folder.systems) {
        return folder.shape(&energies, format!("one number per system is needed, [{}]", folder.systems));
    }
    let (grid, grid_single) = folder.grid()?;
    let points = grid.len();
    let densities = folder.fields(densities, points)?;
    let fields = |name: &str| folder.optional(name)?.map(|found| folder.fields(found, points)).transpose();
    let numbers = |name: &str| folder.optional(name)?.map(|found| folder.column(found)).transpose();
    let potentials = folder.optional("external_potentials")?;
    let potentials_single = potentials.as_ref().is_some_and(|found| found.single);
    let distances = folder.optional("distances")?;
    let distances_single = distances.as_ref().is_some_and(|found| found.single);
    let distances = distances.map(|found| folder.column(found)).transpose()?;
    let spin_densities = match fields("spin_densities")? {
        None => fields("magnetization_densities")?,
        some => some,
    };
    let charges = folder.rows(charges)?;
    let locations = folder.rows(locations)?;
    let locations = finite_where("locations", locations, &charges)?;
    Ok(Layout {
        grid,
        grid_single,
        densities,
        spin_densities,
        energies: folder.column(energies)?,
        charges,
        locations,
        electrons: folder.column(folder.needed("num_electrons")?)?,
        unpaired: numbers("num_unpaired_electrons")?,
        potentials: potentials.map(|found| folder.fields(found, points)).transpose()?,
        potentials_single,
        distances: exact_distances(distances, distances_single, numbers("distances_x100")?),
        converged: numbers("converged")?,
        names: folder.names()?,
    })
}

/// The number of systems: that of the energies, unless all `others`, whose first axis runs over the systems, agree on another
/// number.
fn systems(energies: &Found, others: &[&Found]) -> usize {
    let rows: Vec<usize> = others.iter().filter_map(|found| found.rows()).collect();
    match rows.split_first() {
        Some((first, rest)) if !rest.is_empty() && rest.iter().all(|n| n == first) => *first,
        _ => energies.count(),
    }
}

/// Distances are often in single precision, with their hundredfold as integers in a second file. Where the two agree to within
/// rounding, the integers are used.
fn exact_distances(distances: Option<Vec<f64>>, single: bool, hundredths: Option<Vec<f64>>) -> Option<Vec<f64>> {
    let Some(distances) = distances else {
        return hundredths.map(|all| all.iter().map(|x| x / 100.0).collect());
    };
    let Some(hundredths) = hundredths else { return Some(distances) };
    let rounding = 4.0 * if single { f64::from(f32::EPSILON) } else { f64::EPSILON };
    let better = |(d, x): (&f64, &f64)| if (d - x / 100.0).abs() <= rounding * d.abs() { x / 100.0 } else { *d };
    Some(distances.iter().zip(&hundredths).map(better).collect())
}

/// Checks that the locations of nuclei are finite; padding may be anything.
fn finite_where(name: &str, rows: Vec<Vec<f64>>, charges: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, LayoutError> {
    for (index, (row, charges)) in rows.iter().zip(charges).enumerate() {
        if row.len() != charges.len() {
            let wanted = format!("`nuclear_charges.npy` has {}", charges.len());
            return Err(LayoutError::Row { file: npy(name), index, found: row.len(), wanted });
        }
        let bad = row.iter().zip(charges).find(|(x, charge)| !x.is_finite() && **charge != 0.0);
        if let Some((value, _)) = bad {
            return Err(LayoutError::NotFinite { file: npy(name), index, value: *value });
        }
    }
    Ok(rows)
}

/// A folder being read, and its number of systems.
struct Folder<'a> {
    world: &'a dyn World,
    path: &'a Path,
    systems: usize,
}

/// A named array of numbers, with rows of equal length or not.
struct Found {
    name: String,
    shape: Vec<usize>,
    single: bool,
    numbers: Numbers,
}

enum Numbers {
    Even(Vec<f64>),
    Jagged(Vec<Vec<f64>>),
}

impl Found {
    /// How many numbers there are. An empty array's axes can have any length, so the shape does not tell.
    fn count(&self) -> usize {
        match &self.numbers {
            Numbers::Even(data) => data.len(),
            Numbers::Jagged(rows) => rows.iter().map(Vec::len).sum(),
        }
    }

    /// The length of the first axis, if it is certain to run over the systems.
    fn rows(&self) -> Option<usize> {
        match (&self.numbers, &self.shape[..]) {
            (Numbers::Jagged(rows), _) => Some(rows.len()),
            (Numbers::Even(_), [rows, _]) => Some(*rows),
            _ => None,
        }
    }

    fn file(&self) -> String {
        npy(&self.name)
    }

    fn shape_text(&self) -> String {
        format!("{:?}", self.shape)
    }
}

impl Folder<'_> {
    fn needed(&self, name: &str) -> Result<Found, LayoutError> {
        self.optional(name)?.ok_or_else(|| {
            let list = |names: &[&str]| names.iter().map(|n| format!("`{n}.npy`")).collect::<Vec<_>>().join(", ");
            let (needed, optional) = (list(&NEEDED), list(&OPTIONAL[..6]));
            LayoutError::Missing { file: npy(name), needed, optional }
        })
    }

    fn content(&self, name: &str) -> Result<Option<Content>, LayoutError> {
        let path = self.path.join(npy(name));
        if self.world.kind(&path).is_none() {
            return Ok(None);
        }
        match read_content(self.world, &path) {
            Ok(content) => Ok(Some(content)),
            Err(DataError::Objects { .. }) if NAMES.contains(&name) => {
                Err(LayoutError::NameObjects { file: npy(name) })
            }
            Err(DataError::Objects { reason, .. }) => Err(LayoutError::Objects { file: npy(name), reason }),
            Err(error) => Err(error.into()),
        }
    }

    fn optional(&self, name: &str) -> Result<Option<Found>, LayoutError> {
        let name = name.to_owned();
        Ok(match self.content(&name)? {
            None => None,
            Some(Content::Numbers(array)) => {
                Some(Found { name, shape: array.shape, single: array.single, numbers: Numbers::Even(array.data) })
            }
            Some(Content::Jagged(rows)) => {
                Some(Found { name, shape: vec![rows.len()], single: false, numbers: Numbers::Jagged(rows) })
            }
            Some(Content::Texts(_)) => {
                return Err(LayoutError::Elements { file: npy(&name), wanted: "numbers", found: "strings" });
            }
        })
    }

    fn shape<T>(&self, found: &Found, wanted: String) -> Result<T, LayoutError> {
        let (file, shape) = (found.file(), found.shape_text());
        Err(LayoutError::Shape { file, found: shape, wanted, systems: self.systems })
    }

    /// One finite number per system.
    fn column(&self, found: Found) -> Result<Vec<f64>, LayoutError> {
        let numbers = match &found.numbers {
            Numbers::Even(data) => data.clone(),
            Numbers::Jagged(rows) => rows.concat(),
        };
        let numbers = match numbers.as_slice() {
            [one] => vec![*one; self.systems],
            all if all.len() == self.systems => numbers,
            _ => return self.shape(&found, format!("one number per system is needed, [{}]", self.systems)),
        };
        finite(&found.name, numbers.iter().enumerate())?;
        Ok(numbers)
    }

    /// A row of numbers per system; with one number each, the array may lack the second axis.
    fn rows(&self, found: Found) -> Result<Vec<Vec<f64>>, LayoutError> {
        let rows: Vec<Vec<f64>> = match (&found.numbers, &found.shape[..]) {
            (Numbers::Jagged(rows), _) => rows.clone(),
            (Numbers::Even(data), [systems]) if *systems == self.systems => data.iter().map(|x| vec![*x]).collect(),
            (Numbers::Even(data), [_] | []) if self.systems == 1 => vec![data.clone()],
            (Numbers::Even(data), [_, width]) => data.chunks((*width).max(1)).map(<[f64]>::to_vec).collect(),
            _ => Vec::new(),
        };
        let empty = rows.is_empty() && found.shape.len() == 2 && found.shape.first() == Some(&self.systems);
        if empty {
            return Ok(vec![Vec::new(); self.systems]);
        }
        if rows.len() != self.systems {
            return self.shape(&found, format!("one row per system is needed, [{}, nuclei]", self.systems));
        }
        Ok(rows)
    }

    /// One finite number per point and system.
    fn fields(&self, found: Found, points: usize) -> Result<Vec<Vec<f64>>, LayoutError> {
        let rows: Vec<Vec<f64>> = match (&found.numbers, &found.shape[..]) {
            (Numbers::Jagged(rows), _) => rows.clone(),
            (Numbers::Even(data), [_]) if self.systems == 1 => vec![data.clone()],
            (Numbers::Even(data), [_, width]) => data.chunks((*width).max(1)).map(<[f64]>::to_vec).collect(),
            _ => Vec::new(),
        };
        if rows.len() != self.systems || rows.iter().any(|row| row.len() != points) {
            let wanted = format!("one number per point and system is needed, [{}, {points}]", self.systems);
            return self.shape(&found, wanted);
        }
        finite(&found.name, rows.iter().enumerate().flat_map(|(index, row)| row.iter().map(move |x| (index, x))))?;
        Ok(rows)
    }

    /// The coordinates of the points: one grid, or the same grid for every system.
    fn grid(&self) -> Result<(Vec<f64>, bool), LayoutError> {
        let found = self.needed("grids")?;
        let Numbers::Even(data) = &found.numbers else {
            return self.shape(&found, "all systems need the same grid".into());
        };
        let width = match found.shape[..] {
            [points] => points,
            [systems, points] if systems == self.systems || systems == 1 => points,
            _ => return self.shape(&found, "one number per point is needed".into()),
        };
        let at = |index: usize| index % width.max(1);
        finite(&found.name, data.iter().enumerate().map(|(index, x)| (at(index), x)))?;
        let first = data.get(..width).unwrap_or_default();
        if let Some(index) = data.chunks(width.max(1)).position(|row| row != first) {
            return Err(LayoutError::Grids { index });
        }
        Ok((first.to_vec(), found.single))
    }

    fn names(&self) -> Result<Option<Vec<String>>, LayoutError> {
        for name in NAMES {
            match self.content(name)? {
                Some(Content::Texts(texts)) if texts.len() == self.systems => return Ok(Some(texts)),
                Some(Content::Texts(texts)) => {
                    let wanted = "one string per system is needed".to_owned();
                    let (file, found) = (npy(name), format!("[{}]", texts.len()));
                    return Err(LayoutError::Shape { file, found, wanted, systems: self.systems });
                }
                Some(_) => return Err(LayoutError::Elements { file: npy(name), wanted: "strings", found: "numbers" }),
                None => {}
            }
        }
        Ok(None)
    }
}

fn finite<'a>(name: &str, mut numbers: impl Iterator<Item = (usize, &'a f64)>) -> Result<(), LayoutError> {
    match numbers.find(|(_, x)| !x.is_finite()) {
        Some((index, value)) => Err(LayoutError::NotFinite { file: npy(name), index, value: *value }),
        None => Ok(()),
    }
}
