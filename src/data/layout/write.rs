//! Writes the files of a data set, with the names, types and shapes that the published programs read.

use super::{Layout, LayoutError, NEEDED, OPTIONAL, npy};
use crate::data::mark::{self, LIST};
use crate::data::npy::{DataError, npy_bytes};
use crate::data::unicode;
use crate::data::{content_of, marked_array};
use crate::problem::visible;
use crate::world::{Entry, PathKind, World};
use std::io;
use std::path::Path;

/// Writes a folder: floats in double precision, counts as 64-bit integers, shorter rows of nuclei padded with charge 0 at
/// position 0. The folder is written completely or not at all; an existing one is replaced if it is a data set as it was
/// written here, or with `force` any data set.
///
/// # Errors
/// The folder holds other files or another data set, or cannot be written.
pub fn write_layout(world: &dyn World, folder: &Path, layout: &Layout, force: bool) -> Result<(), LayoutError> {
    let failed = |reason| LayoutError::Write { reason };
    let there = match world.list(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(failed(error)),
    };
    let known = |name: &str| name == LIST || NEEDED.iter().chain(&OPTIONAL).any(|known| name == npy(known));
    if let Some(other) = there.iter().find(|entry| entry.kind != PathKind::File || !known(&entry.name)) {
        return Err(LayoutError::Occupied { file: visible(&other.name) });
    }
    if !there.is_empty() && !force {
        unchanged(world, folder, &there)?;
    }
    let mut files: Vec<_> = files(layout)?.into_iter().map(|(name, bytes)| (npy(name), marked_array(bytes))).collect();
    files.push((LIST.to_owned(), mark::list(&files).into_bytes()));
    world.write_folder(folder, &files).map_err(failed)
}

/// Checks that the files of a folder are those that were written here.
fn unchanged(world: &dyn World, folder: &Path, files: &[Entry]) -> Result<(), LayoutError> {
    let Ok(list) = world.read_text(&folder.join(LIST)) else {
        return Err(LayoutError::NotReplaced { reason: "it is a data set that ksr did not save".into() });
    };
    if !mark::is_list(&list) {
        return Err(LayoutError::NotReplaced { reason: format!("`{LIST}` has changed since it was saved") });
    }
    for Entry { name, .. } in files.iter().filter(|entry| entry.name != LIST) {
        let content = content_of(world, &folder.join(name)).map_err(|reason| LayoutError::Write { reason })?;
        if mark::listed(&list, name) != Some(&*content) {
            return Err(LayoutError::NotReplaced { reason: format!("`{name}` has changed since it was saved") });
        }
    }
    Ok(())
}

/// The name and content of every file.
fn files(layout: &Layout) -> Result<Vec<(&'static str, Vec<u8>)>, LayoutError> {
    let mut files = Vec::new();
    let mut floats = |name: &'static str, shape: &[usize], data: &[f64]| -> Result<(), LayoutError> {
        files.push((name, npy_bytes(Path::new(&npy(name)), shape, data)?));
        Ok(())
    };
    let (systems, points) = (layout.energies.len(), layout.grid.len());
    let nuclei = layout.charges.iter().map(Vec::len).max().unwrap_or(0).max(1);
    floats("grids", &[points], &layout.grid)?;
    floats("densities", &[systems, points], &layout.densities.concat())?;
    floats("total_energies", &[systems], &layout.energies)?;
    floats("locations", &[systems, nuclei], &padded(&layout.locations, nuclei))?;
    for (name, fields) in [("external_potentials", &layout.potentials), ("spin_densities", &layout.spin_densities)] {
        if let Some(fields) = fields {
            floats(name, &[systems, points], &fields.concat())?;
        }
    }
    let charges = padded(&layout.charges, nuclei);
    if charges.iter().any(|charge| *charge != charge.round()) {
        floats("nuclear_charges", &[systems, nuclei], &charges)?;
    } else {
        files.push(("nuclear_charges", integers("nuclear_charges", &[systems, nuclei], &charges)?));
    }
    if let Some(distances) = &layout.distances {
        files.push(("distances", npy_bytes(Path::new("distances.npy"), &[systems], distances)?));
        let hundredths: Vec<f64> = distances.iter().map(|d| 100.0 * d).collect();
        files.push(("distances_x100", integers("distances_x100", &[systems], &hundredths)?));
    }
    files.push(("num_electrons", integers("num_electrons", &[systems], &layout.electrons)?));
    if let Some(unpaired) = &layout.unpaired {
        files.push(("num_unpaired_electrons", integers("num_unpaired_electrons", &[systems], unpaired)?));
    }
    if let Some(converged) = &layout.converged {
        files.push(("converged", integers("converged", &[systems], converged)?));
    }
    if let Some(names) = &layout.names {
        let texts = unicode::npy_bytes(names);
        let format = |reason| DataError::Format { path: "latex_symbols.npy".into(), kind: "npy", reason };
        files.push(("latex_symbols", texts.map_err(format)?));
    }
    Ok(files)
}

fn integers(name: &str, shape: &[usize], numbers: &[f64]) -> Result<Vec<u8>, LayoutError> {
    let numbers: Vec<i64> = numbers.iter().map(|x| x.round() as i64).collect();
    Ok(npy_bytes(Path::new(&npy(name)), shape, &numbers)?)
}

fn padded(rows: &[Vec<f64>], width: usize) -> Vec<f64> {
    rows.iter().flat_map(|row| row.iter().copied().chain(std::iter::repeat(0.0)).take(width)).collect()
}
