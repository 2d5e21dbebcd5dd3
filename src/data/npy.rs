//! NumPy's formats. Numbers of any element type on disk (floats, integers, Booleans) are read as `f64`.

use super::element::{self, ElementError};
use super::header::{Header, LONGEST};
use super::{pickle, unicode};
use crate::problem::visible;
use crate::world::World;
use ndarray::{ArrayViewD, ShapeBuilder};
use ndarray_npy::{WritableElement, WriteNpyExt};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// The most numbers of an array, a gigabyte of them; an element on disk may be an eighth of that.
const MOST: usize = 1 << 27;
/// The most strings of an array.
const MOST_TEXTS: usize = 1 << 20;
/// The most bytes of strings or Python objects.
const MOST_BYTES: usize = 1 << 28;

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
    let located = |failure: Failure| failure.located(path, "npy", &stem(path));
    let header = Header::read(&start(world, path, LONGEST)?).map_err(|reason| located(Failure::Format(reason)))?;
    numbers(&header, &after(world, path, &header)?).map_err(located)
}

pub(super) fn stem(path: &Path) -> String {
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
    let format = |reason: String| DataError::Format { path: path.into(), kind: "npy", reason };
    let header = Header::read(&start(world, path, LONGEST)?).map_err(format)?;
    let rest = after(world, path, &header)?;
    let rest = rest.as_slice();
    let element = header.element.as_str();
    match element.trim_start_matches(['|', '<', '>', '=']).chars().next() {
        Some('U' | 'S' | 'a') if element::count(&header.shape).is_none_or(|count| count > MOST_TEXTS) => {
            Err(format(format!("it has more than {MOST_TEXTS} strings")))
        }
        Some('U' | 'S' | 'a' | 'O') if rest.len() > MOST_BYTES => {
            Err(format(format!("it has more than {} megabytes of strings or Python objects", MOST_BYTES >> 20)))
        }
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

/// The first bytes of a file.
pub(super) fn start(world: &dyn World, path: &Path, limit: usize) -> Result<Vec<u8>, DataError> {
    world.start(path, limit as u64).map_err(|reason| DataError::File { doing: "read", path: path.into(), reason })
}

/// The bytes after the header of a `.npy` file: one more than its numbers have is enough to see that there are too many.
pub(super) fn after(world: &dyn World, path: &Path, header: &Header) -> Result<Vec<u8>, DataError> {
    let announced = match element::size(&header.element) {
        Some(size) => size * element::count(&header.shape).unwrap_or(usize::MAX).min(MOST + 1),
        None => MOST_BYTES,
    };
    let mut bytes = start(world, path, header.length + announced + 1)?;
    bytes.drain(..header.length.min(bytes.len()));
    Ok(bytes)
}

/// An error, before the name of the file is added.
pub(super) enum Failure {
    Element(String),
    Format(String),
}

impl Failure {
    pub fn located(self, path: &Path, kind: &'static str, name: &str) -> DataError {
        match self {
            Failure::Element(found) => DataError::Element { path: path.into(), name: name.into(), found },
            Failure::Format(reason) => DataError::Format { path: path.into(), kind, reason },
        }
    }
}

/// The numbers after a header.
pub(super) fn numbers(header: &Header, bytes: &[u8]) -> Result<Array, Failure> {
    let Header { element, fortran, shape, .. } = header;
    let shown = visible(element);
    let Some(size) = element::size(element) else { return Err(Failure::Element(shown)) };
    if element::count(shape).is_none_or(|count| count > MOST) && bytes.len() > MOST {
        return Err(Failure::Format(format!("it has more than {MOST} numbers")));
    }
    let unfit = |what: String| Failure::Format(format!("{what} of `{shown}` do not fill the shape {shape:?}"));
    match element::count(shape).and_then(|count| count.checked_mul(size)) {
        Some(wanted) if wanted == bytes.len() => {}
        Some(wanted) if wanted < bytes.len() => {
            return Err(Failure::Format(format!("there are more bytes of `{shown}` than fill the shape {shape:?}")));
        }
        _ => return Err(unfit(format!("{} bytes", bytes.len()))),
    }
    let data = element::numbers(element, element.starts_with('>'), bytes).map_err(|error| match error {
        ElementError::Type => Failure::Element(shown.clone()),
        ElementError::Length => unfit(format!("{} bytes", bytes.len())),
    })?;
    let data = match *fortran && shape.len() > 1 {
        true => {
            let view = ArrayViewD::from_shape(shape.clone().f(), &data);
            view.map_err(|_| unfit(format!("{} numbers", data.len())))?.iter().copied().collect()
        }
        false => data,
    };
    Ok(Array { name: String::new(), shape: shape.clone(), data, single: element::single(element) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Memory;
    use ndarray_npy::npy::header::{Header, Layout};

    /// What is read of a file with this content.
    fn npy(bytes: impl Into<Vec<u8>>) -> Result<Array, DataError> {
        let world = Memory::with([("a.npy", bytes)]);
        let read = read_npy(&world, Path::new("a.npy"));
        if let (Err(error), Err(again)) = (&read, read_content(&world, Path::new("a.npy"))) {
            assert_eq!(error.to_string(), again.to_string());
        }
        read
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
    fn a_damaged_or_missing_file_is_an_error_that_names_it() {
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
            let few = format!("16 bytes of `<f8` do not fill the shape {shape:?}");
            let many = format!("there are more bytes of `<f8` than fill the shape {shape:?}");
            assert!(error.ends_with(if matches!(shape, [1] | []) { &many } else { &few }), "{error}");
        }
        assert!(npy(claiming(&[0, huge, huge], Layout::Fortran, &[])).is_err());
        assert!(npy(claiming(&[huge, 0], Layout::Standard, &[])).unwrap().data.is_empty());
        let mut long = claiming(&[1], Layout::Standard, &[1.0]);
        long.splice(6..10, [2, 0, 255, 255, 255, 255]);
        assert!(npy(long).unwrap_err().to_string().ends_with("its header is cut off"));
        let deep = [b"\x93NUMPY\x01\x00\x30\x75".to_vec(), b"(".repeat(30_000)].concat();
        assert!(npy(deep).unwrap_err().to_string().contains("parentheses"));
        let mut texts = claiming(&[MOST_TEXTS + 1], Layout::Standard, &[]);
        let at = texts.windows(3).position(|w| w == b"<f8").unwrap();
        texts[at..at + 3].copy_from_slice(b"|S1");
        let world = Memory::with([("a.npy", texts)]);
        let error = read_content(&world, Path::new("a.npy")).unwrap_err().to_string();
        assert!(error.ends_with("it has more than 1048576 strings"), "{error}");
    }
}
