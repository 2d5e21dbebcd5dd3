//! NumPy's formats. Numbers of any element type on disk (floats, integers, Booleans) are read as `f64`.

use super::element::{self, ElementError};
use super::{pickle, unicode};
use crate::problem::visible;
use crate::world::World;
use ndarray::{ArrayViewD, ShapeBuilder};
use ndarray_npy::npy::header::{Header, Layout};
use ndarray_npy::{WritableElement, WriteNpyExt};
use std::io::{BufWriter, Cursor, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// Numbers with a shape, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Name in its archive, without `.npy`; empty for a single `.npy` file.
    pub name: String,
    /// Length of each axis; empty for a single number.
    pub shape: Vec<usize>,
    /// The numbers, the last axis fastest.
    pub data: Vec<f64>,
    /// Whether they are in single precision on disk.
    pub single: bool,
}

/// What can go wrong with a file of numbers.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum DataError {
    /// The file cannot be opened, read or written.
    #[error("cannot {doing} `{path}`: {}", crate::problem::reason(reason, doing), path = path.display())]
    File { doing: &'static str, path: PathBuf, reason: std::io::Error },
    /// It is not in the format that its name says, or damaged.
    #[error("`{path}` is not a readable {kind} file: {reason}", path = path.display())]
    Format { path: PathBuf, kind: &'static str, reason: String },
    /// An element type that is not read.
    #[error(
        "the array `{name}` of `{path}` has elements of type `{found}`; only floats of 2, 4 and 8 bytes, integers and \
         Booleans can be read: convert it in Python with `a.astype(float)`",
        path = path.display()
    )]
    Element { path: PathBuf, name: String, found: String },
    /// Python objects that are not plain lists of numbers.
    #[error("`{path}` holds Python objects that cannot be read: {reason}", path = path.display())]
    Objects { path: PathBuf, reason: String },
    /// Shape and data do not fit.
    #[error("{len} numbers do not fill the shape {shape:?}")]
    Shape { len: usize, shape: Vec<usize> },
}

/// Reads one array from a `.npy` file.
pub fn read_npy(world: &dyn World, path: &Path) -> Result<Array, DataError> {
    let bytes = read(world, path)?;
    array(&bytes).map_err(|e| e.located(path, "npy", &stem(path)))
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What one `.npy` file can hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Numbers.
    Numbers(Array),
    /// Strings, one per element.
    Texts(Vec<String>),
    /// An array of objects: the numbers of each, of any length.
    Jagged(Vec<Vec<f64>>),
}

/// Reads one array of numbers, strings or lists of numbers (object arrays) from a `.npy` file. Nothing in a file is executed.
///
/// # Errors
/// The file cannot be read, or holds other objects.
pub fn read_content(world: &dyn World, path: &Path) -> Result<Content, DataError> {
    let bytes = read(world, path)?;
    let format = |reason: String| DataError::Format { path: path.into(), kind: "npy", reason };
    let (header, rest) = header(&bytes).map_err(format)?;
    let element = header.type_descriptor.to_string();
    let element = element.trim_matches(['\'', '"']);
    match element.trim_start_matches(['|', '<', '>', '=']).chars().next() {
        Some('U' | 'S' | 'a') => unicode::read(element, rest).map(Content::Texts).map_err(format),
        Some('O') => pickle::rows(rest)
            .map(Content::Jagged)
            .map_err(|reason| DataError::Objects { path: path.into(), reason: reason.to_string() }),
        _ => match numbers(&header, rest) {
            Ok(array) => Ok(Content::Numbers(array)),
            Err(failure) => Err(failure.located(path, "npy", &stem(path))),
        },
    }
}

/// Reads all arrays of a `.npz` archive, in the archive's order.
pub fn read_npz(world: &dyn World, path: &Path) -> Result<Vec<Array>, DataError> {
    let bytes = read(world, path)?;
    let wrong = |reason: String| DataError::Format { path: path.into(), kind: "npz", reason };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| wrong(e.to_string()))?;
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(|e| wrong(e.to_string()))?;
        let name = visible(file.name().strip_suffix(".npy").unwrap_or(file.name()));
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| wrong(format!("`{name}`: {e}")))?;
        let array = array(&bytes).map_err(|e| e.located(path, "npz", &name))?;
        arrays.push(Array { name, ..array });
    }
    Ok(arrays)
}

/// The content of a `.npy` file of numbers; `path` is for the error message.
///
/// # Errors
/// The numbers do not fill the shape.
pub fn npy_bytes<T: WritableElement>(path: &Path, shape: &[usize], data: &[T]) -> Result<Vec<u8>, DataError> {
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

fn read(world: &dyn World, path: &Path) -> Result<Vec<u8>, DataError> {
    world.read(path).map_err(|reason| DataError::File { doing: "read", path: path.into(), reason })
}

/// An error, before the name of the file is added.
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

/// The maximum number of parentheses in a header (those of numbers and strings have two): its parser recurses without a
/// limit.
const NESTED: usize = 64;

/// The header of a `.npy` file, and the bytes after it. The header's length is checked first: a file may claim any length.
fn header(bytes: &[u8]) -> Result<(Header, &[u8]), String> {
    let length = match *bytes {
        [_, _, _, _, _, _, 1, _, a, b, ..] => u32::from(u16::from_le_bytes([a, b])),
        [_, _, _, _, _, _, _, _, a, b, c, d, ..] => u32::from_le_bytes([a, b, c, d]),
        _ => 0,
    };
    let Some(text) = usize::try_from(length).ok().and_then(|length| bytes.get(..length)) else {
        return Err("its header is cut off".into());
    };
    if text.iter().filter(|b| b"([{".contains(b)).count() > NESTED {
        return Err("its header has too many parentheses".into());
    }
    let mut rest = bytes;
    let header = Header::from_reader(&mut rest).map_err(|e| visible(&e.to_string()))?;
    Ok((header, rest))
}

/// The content of a `.npy` file.
fn array(bytes: &[u8]) -> Result<Array, Failure> {
    let (header, rest) = header(bytes).map_err(Failure::Format)?;
    numbers(&header, rest)
}

/// The numbers after a header.
fn numbers(header: &Header, bytes: &[u8]) -> Result<Array, Failure> {
    let element = header.type_descriptor.to_string();
    let element = element.trim_matches(['\'', '"']);
    let shape = header.shape.clone();
    let shown = visible(element);
    let unfit = || Failure::Format(format!("{} bytes of `{shown}` do not fill the shape {shape:?}", bytes.len()));
    let data = element::numbers(element, element.starts_with('>'), bytes).map_err(|error| match error {
        ElementError::Type => Failure::Element(shown.clone()),
        ElementError::Length => unfit(),
    })?;
    if element::count(&shape) != Some(data.len()) {
        return Err(unfit());
    }
    let data = match header.layout {
        Layout::Fortran if shape.len() > 1 => {
            ArrayViewD::from_shape(shape.clone().f(), &data).map_err(|_| unfit())?.iter().copied().collect()
        }
        _ => data,
    };
    Ok(Array { name: String::new(), shape, data, single: element.ends_with("f4") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Memory;
    use ndarray::Array2;
    use std::io::Write;

    /// What is read of a file with this content.
    fn npy(bytes: impl Into<Vec<u8>>) -> Result<Array, DataError> {
        let world = Memory::with([("a.npy", bytes)]);
        let read = read_npy(&world, Path::new("a.npy"));
        if let (Err(error), Err(again)) = (&read, read_content(&world, Path::new("a.npy"))) {
            assert_eq!(error.to_string(), again.to_string());
        }
        read
    }

    fn npz(bytes: impl Into<Vec<u8>>) -> Result<Vec<Array>, DataError> {
        read_npz(&Memory::with([("a.npz", bytes)]), Path::new("a.npz"))
    }

    fn archive() -> zip::ZipWriter<Cursor<Vec<u8>>> {
        zip::ZipWriter::new(Cursor::new(Vec::new()))
    }

    #[test]
    fn a_written_array_comes_back_bit_for_bit() {
        let data = vec![0.1, -0.0, 1e-300, f64::MAX, 1.0 / 3.0, 5e-324];
        let back = npy(npy_bytes(Path::new("a.npy"), &[2, 3], &data).unwrap()).unwrap();
        assert_eq!(back.shape, [2, 3]);
        assert!(back.data.iter().zip(&data).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert!(matches!(npy_bytes(Path::new("a.npy"), &[4], &data), Err(DataError::Shape { .. })));
    }

    #[test]
    fn an_archive_keeps_its_order_and_any_number_type_comes_in() {
        let mut archive = archive();
        let deflated = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        let fortran = Array2::from_shape_vec((2, 2).f(), vec![1.0f32, 3.0, 2.0, 4.0]).unwrap();
        archive.start_file("z.weight.npy", deflated).unwrap();
        fortran.write_npy(&mut archive).unwrap();
        archive.start_file("a.npy", deflated).unwrap();
        ndarray::arr1(&[1i32, -2]).write_npy(&mut archive).unwrap();
        archive.start_file("scalar.npy", deflated).unwrap();
        ndarray::arr0(2.5f64).write_npy(&mut archive).unwrap();
        let arrays = npz(archive.finish().unwrap().into_inner()).unwrap();
        let names: Vec<_> = arrays.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["z.weight", "a", "scalar"]);
        assert_eq!(arrays[0].data, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(arrays[1].data, [1.0, -2.0]);
        assert!(arrays[0].single && !arrays[1].single);
        assert_eq!((arrays[2].shape.len(), arrays[2].data[0]), (0, 2.5));
    }

    #[test]
    fn a_damaged_or_missing_file_is_an_error_that_names_it() {
        assert!(npz("PK not really").unwrap_err().to_string().contains("a.npz"));
        assert!(npy("PK not really").unwrap_err().to_string().contains("not a readable npy"));
        let absent = read_npy(&Memory::default(), Path::new("none.npy")).unwrap_err().to_string();
        assert_eq!(absent, "cannot read `none.npy`: there is no such file");
    }

    /// The bytes of a `.npy` file whose header claims a shape, with numbers after it.
    fn claiming(shape: &[usize], layout: Layout, numbers: &[f64]) -> Vec<u8> {
        let header = Header { type_descriptor: "'<f8'".parse().unwrap(), layout, shape: shape.to_vec() };
        header.to_bytes().unwrap().into_iter().chain(numbers.iter().flat_map(|x| x.to_le_bytes())).collect()
    }

    #[test]
    fn what_a_header_claims_must_be_there() {
        let huge = 1_000_000_000_000_000;
        for shape in [&[huge][..], &[huge, huge], &[3], &[1], &[]] {
            let error = npy(claiming(shape, Layout::Standard, &[1.0, 2.0])).unwrap_err().to_string();
            assert!(error.ends_with(&format!("16 bytes of `<f8` do not fill the shape {shape:?}")), "{error}");
        }
        assert!(npy(claiming(&[0, huge, huge], Layout::Fortran, &[])).is_err());
        assert!(npy(claiming(&[huge, 0], Layout::Standard, &[])).unwrap().data.is_empty());
        let mut long = claiming(&[1], Layout::Standard, &[1.0]);
        long.splice(6..10, [2, 0, 255, 255, 255, 255]);
        assert!(npy(long).unwrap_err().to_string().ends_with("its header is cut off"));
        let deep = [b"\x93NUMPY\x01\x00\x30\x75".to_vec(), b"(".repeat(30_000)].concat();
        assert!(npy(deep).unwrap_err().to_string().contains("parentheses"));
    }

    #[test]
    fn an_archive_claims_no_more_than_it_has() {
        let mut archive = archive();
        archive.start_file("x.npy", zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(&claiming(&[1_000_000_000_000_000], Layout::Standard, &[1.0])).unwrap();
        let error = npz(archive.finish().unwrap().into_inner()).unwrap_err();
        assert!(error.to_string().contains("8 bytes of `<f8` do not fill the shape"));
    }
}
