//! From rows to files: names, types and shapes as the published programs read them.

use super::{Layout, LayoutError, NEEDED, OPTIONAL, npy};
use crate::data::npy::{DataError, npy_bytes};
use crate::data::unicode;
use crate::problem::visible;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Writes a folder: floats of double precision, counts as integers of 64 bits, shorter rows of nuclei padded with charge 0 at
/// 0. The folder appears whole or not at all; one that is there is replaced if it holds nothing but a data set.
///
/// # Errors
/// The folder holds other files, or cannot be written.
pub fn write_layout(folder: &Path, layout: &Layout) -> Result<(), LayoutError> {
    let failed = |reason| LayoutError::Write { reason };
    // A link to a folder stays one.
    let folder = &fs::canonicalize(folder).unwrap_or_else(|_| folder.into());
    let present = stranger(folder).map_err(failed)?;
    if let Present::Other(file) = present {
        return Err(LayoutError::Occupied { file });
    }
    let files = files(layout)?;
    let (part, old) = (beside(folder, "part"), beside(folder, "old"));
    let written = fs::create_dir(&part).and_then(|()| {
        files.iter().try_for_each(|(name, bytes)| fs::write(part.join(npy(name)), bytes))?;
        match present {
            Present::Nothing => fs::rename(&part, folder),
            _ => replace(&part, folder, &old),
        }
    });
    written.map_err(|reason| {
        let _ = fs::remove_dir_all(&part);
        failed(reason)
    })
}

/// What lies where a folder is to be written.
enum Present {
    Nothing,
    DataSet,
    Other(String),
}

/// The first file that is no part of a data set.
fn stranger(folder: &Path) -> io::Result<Present> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Present::Nothing),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(visible(&entry?.file_name().to_string_lossy()));
    }
    names.sort();
    let known = |name: &String| NEEDED.iter().chain(&OPTIONAL).any(|known| *name == npy(known));
    Ok(names.into_iter().find(|name| !known(name)).map_or(Present::DataSet, Present::Other))
}

fn beside(folder: &Path, what: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.{what}", std::process::id()));
    folder.with_file_name(name)
}

/// Puts `new` in the place of `folder`, which is kept until that is done.
fn replace(new: &Path, folder: &Path, old: &Path) -> io::Result<()> {
    fs::rename(folder, old)?;
    if let Err(error) = fs::rename(new, folder) {
        let _ = fs::rename(old, folder);
        return Err(error);
    }
    let _ = fs::remove_dir_all(old);
    Ok(())
}

/// The content of every file.
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
