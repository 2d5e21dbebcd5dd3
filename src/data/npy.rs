//! NumPy's formats. Whatever the element type on disk (floats, integers, booleans), numbers come in as `f64`.

use super::{pickle, unicode};
use ndarray::{ArrayD, ArrayViewD, OwnedRepr};
use ndarray_npy::npy::header::Header;
use ndarray_npy::{NpzReader, ReadNpyError, ReadNpyExt, ReadNpzError, ReadableElement, WritableElement, WriteNpyExt};
use std::fs;
use std::io::{BufWriter, Cursor, Write};
use std::path::{Path, PathBuf};

/// Numbers with a shape, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Name in its archive, without `.npy`; empty for a lone `.npy` file.
    pub name: String,
    /// Length of each axis; empty for a single number.
    pub shape: Vec<usize>,
    /// The numbers, the last axis fastest.
    pub data: Vec<f64>,
    /// Whether they are of single precision on disk.
    pub single: bool,
}

/// What can go wrong with a file of numbers.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum DataError {
    /// The file cannot be opened, read or written.
    #[error("cannot {doing} `{path}`: {}", crate::problem::reason(reason, doing), path = path.display())]
    File { doing: &'static str, path: PathBuf, reason: std::io::Error },
    /// It is not what its name says, or damaged.
    #[error("`{path}` is not a readable {kind} file: {reason}", path = path.display())]
    Format { path: PathBuf, kind: &'static str, reason: String },
    /// An element type other than floats, integers and booleans.
    #[error("the array `{name}` of `{path}` holds {found}, not numbers", path = path.display())]
    Element { path: PathBuf, name: String, found: String },
    /// Python objects that are not plain lists of numbers.
    #[error("`{path}` holds Python objects that are not read: {reason}", path = path.display())]
    Objects { path: PathBuf, reason: String },
    /// Shape and data do not go together.
    #[error("{len} numbers do not fill the shape {shape:?}")]
    Shape { len: usize, shape: Vec<usize> },
}

/// Reads one array from a `.npy` file.
pub fn read_npy(path: &Path) -> Result<Array, DataError> {
    let bytes = read(path)?;
    let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let array = any_element(&mut Attempt::Npy(&bytes)).map_err(|e| e.located(path, "npy", &name))?;
    Ok(Array { name: String::new(), ..array })
}

/// What one `.npy` file can hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Numbers.
    Numbers(Array),
    /// Texts, one an element.
    Texts(Vec<String>),
    /// An array of objects: the numbers of each, however many they are.
    Jagged(Vec<Vec<f64>>),
}

/// Reads one array of numbers, texts or lists of numbers (object arrays) from a `.npy` file. Nothing in a file is executed.
///
/// # Errors
/// The file cannot be read, or holds other objects.
pub fn read_content(path: &Path) -> Result<Content, DataError> {
    let bytes = read(path)?;
    let format = |reason: String| DataError::Format { path: path.into(), kind: "npy", reason };
    let mut rest: &[u8] = &bytes;
    let header = Header::from_reader(&mut rest).map_err(|e| format(e.to_string()))?;
    let element = header.type_descriptor.to_string();
    let element = element.trim_matches(['\'', '"']);
    match element.trim_start_matches(['|', '<', '>', '=']).chars().next() {
        Some('U' | 'S' | 'a') => unicode::read(element, rest).map(Content::Texts).map_err(format),
        Some('O') => pickle::rows(rest)
            .map(Content::Jagged)
            .map_err(|reason| DataError::Objects { path: path.into(), reason: reason.to_string() }),
        _ => read_npy(path).map(Content::Numbers),
    }
}

/// Reads all arrays of a `.npz` archive, in the archive's order.
pub fn read_npz(path: &Path) -> Result<Vec<Array>, DataError> {
    let bytes = read(path)?;
    let wrong = |e: ReadNpzError| DataError::Format { path: path.into(), kind: "npz", reason: e.to_string() };
    let mut archive = NpzReader::new(Cursor::new(bytes)).map_err(wrong)?;
    let names = archive.names().map_err(wrong)?;
    let mut arrays = Vec::with_capacity(names.len());
    for (index, name) in names.into_iter().enumerate() {
        let name = name.strip_suffix(".npy").unwrap_or(&name).to_owned();
        let array = any_element(&mut Attempt::Npz(&mut archive, index)).map_err(|e| e.located(path, "npz", &name))?;
        arrays.push(Array { name, ..array });
    }
    Ok(arrays)
}

/// Writes an array of `f64` as `.npy`. The file appears whole or not at all.
pub fn write_npy(path: &Path, shape: &[usize], data: &[f64]) -> Result<(), DataError> {
    write_whole(path, &npy_bytes(path, shape, data)?)
}

/// The content of a `.npy` file of numbers; `path` is for the message of a failure.
pub(super) fn npy_bytes<T: WritableElement>(path: &Path, shape: &[usize], data: &[T]) -> Result<Vec<u8>, DataError> {
    let unfit = || DataError::Shape { len: data.len(), shape: shape.to_vec() };
    if shape.iter().product::<usize>() != data.len() {
        return Err(unfit());
    }
    let view = ArrayViewD::from_shape(shape.to_vec(), data).map_err(|_| unfit())?;
    let mut bytes = BufWriter::new(Vec::new());
    let format = |reason: String| DataError::Format { path: path.into(), kind: "npy", reason };
    view.write_npy(&mut bytes).map_err(|e| format(e.to_string()))?;
    bytes.into_inner().map_err(|e| format(e.to_string()))
}

/// Writes bytes to a file beside `path` and renames it, so that no half-written file is left.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let failed = |reason| DataError::File { doing: "write", path: path.into(), reason };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = fs::File::create(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&part, path)).map_err(|reason| {
        let _ = fs::remove_file(&part);
        failed(reason)
    })
}

fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    fs::read(path).map_err(|reason| DataError::File { doing: "read", path: path.into(), reason })
}

/// One array to be tried with several element types.
enum Attempt<'a> {
    Npy(&'a [u8]),
    Npz(&'a mut NpzReader<Cursor<Vec<u8>>>, usize),
}

/// A failure whose file is not yet known.
enum Failure {
    Element(String),
    Format(String),
}

impl Failure {
    fn located(self, path: &Path, kind: &'static str, name: &str) -> DataError {
        match self {
            Failure::Element(found) => DataError::Element { path: path.into(), name: name.into(), found },
            Failure::Format(reason) => DataError::Format { path: path.into(), kind, reason },
        }
    }
}

impl Attempt<'_> {
    /// `Ok(None)`: the elements are of another type.
    fn read<T: ReadableElement + Copy>(&mut self, to: fn(T) -> f64) -> Result<Option<Array>, Failure> {
        let found: Result<ArrayD<T>, ReadNpyError> = match self {
            Attempt::Npy(bytes) => ArrayD::<T>::read_npy(Cursor::new(*bytes)),
            Attempt::Npz(archive, index) => match archive.by_index::<OwnedRepr<T>, _>(*index) {
                Ok(array) => Ok(array),
                Err(ReadNpzError::Npy(e)) => Err(e),
                Err(e) => return Err(Failure::Format(e.to_string())),
            },
        };
        match found {
            Ok(array) => Ok(Some(Array {
                name: String::new(),
                shape: array.shape().to_vec(),
                data: array.iter().map(|&x| to(x)).collect(),
                single: false,
            })),
            Err(ReadNpyError::WrongDescriptor(_)) => Ok(None),
            Err(e) => Err(Failure::Format(e.to_string())),
        }
    }
}

fn any_element(attempt: &mut Attempt<'_>) -> Result<Array, Failure> {
    macro_rules! try_types {
        ($($t:ty),*) => {
            $(if let Some(array) = attempt.read::<$t>(|x| x as f64)? { return Ok(array); })*
        };
    }
    if let Some(array) = attempt.read::<f32>(f64::from)? {
        return Ok(Array { single: true, ..array });
    }
    try_types!(f64, i64, i32, i16, i8, u64, u32, u16, u8);
    if let Some(array) = attempt.read::<bool>(|x| f64::from(u8::from(x)))? {
        return Ok(array);
    }
    Err(Failure::Element("elements of another type".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, ShapeBuilder};
    use ndarray_npy::NpzWriter;

    #[test]
    fn a_written_array_comes_back_bit_for_bit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npy");
        let data = vec![0.1, -0.0, 1e-300, f64::MAX, 1.0 / 3.0, 5e-324];
        write_npy(&path, &[2, 3], &data).unwrap();
        let back = read_npy(&path).unwrap();
        assert_eq!(back.shape, [2, 3]);
        assert!(back.data.iter().zip(&data).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert!(matches!(write_npy(&path, &[4], &data), Err(DataError::Shape { .. })));
    }

    #[test]
    fn an_archive_keeps_its_order_and_any_number_type_comes_in() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npz");
        let mut archive = NpzWriter::new_compressed(fs::File::create(&path).unwrap());
        let fortran = Array2::from_shape_vec((2, 2).f(), vec![1.0f32, 3.0, 2.0, 4.0]).unwrap();
        archive.add_array("z.weight", &fortran).unwrap();
        archive.add_array("a", &ndarray::arr1(&[1i32, -2])).unwrap();
        archive.add_array("scalar", &ndarray::arr0(2.5f64)).unwrap();
        archive.finish().unwrap();
        let arrays = read_npz(&path).unwrap();
        let names: Vec<_> = arrays.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["z.weight", "a", "scalar"]);
        assert_eq!(arrays[0].data, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(arrays[1].data, [1.0, -2.0]);
        assert_eq!((arrays[2].shape.len(), arrays[2].data[0]), (0, 2.5));
    }

    #[test]
    fn a_damaged_or_missing_file_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bad.npz");
        fs::write(&path, b"PK not really").unwrap();
        assert!(read_npz(&path).unwrap_err().to_string().contains("bad.npz"));
        assert!(read_npy(&path).unwrap_err().to_string().contains("not a readable npy"));
        assert!(read_npy(&dir.path().join("none.npy")).unwrap_err().to_string().starts_with("cannot read"));
    }
}
