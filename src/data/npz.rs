//! Arrays from a `.npy` file or a `.npz` archive, to choose from by name and shape. Numbers are read only once an array is chosen, and
//! never more than its shape says: a small archive can unpack to any size.

use super::element;
use super::header::{Header, LONGEST, MAGIC};
use super::npy::{self, Array, DataError, Failure, numbers, stem};
use crate::problem::visible;
use crate::world::World;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;
use zip::result::ZipError;

/// What a `.zip` file begins with, an empty one included.
const ZIP: &[u8] = b"PK";
/// The largest archive that is read, bytes.
const LARGEST: usize = 1 << 30;

/// The arrays of a file.
pub struct Arrays {
    path: PathBuf,
    source: Source,
    /// The arrays, in the order of the archive.
    pub members: Vec<Member>,
    /// The names of files in the archive that are not arrays.
    pub ignored: Vec<String>,
}

enum Source {
    One,
    Archive(Box<ZipArchive<Cursor<Vec<u8>>>>),
}

/// An array whose numbers have not been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its name in the archive, without `.npy`; empty for a single `.npy` file.
    pub name: String,
    header: Header,
    /// Its position in the archive.
    index: usize,
}

impl Member {
    /// Length of each axis; empty for a single number.
    pub fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    /// How many numbers it has; none that a computer can count have more than `usize::MAX`.
    pub fn count(&self) -> usize {
        element::count(&self.header.shape).unwrap_or(usize::MAX)
    }
}

impl Arrays {
    /// Opens a file and reads the headers of its arrays.
    ///
    /// # Errors
    /// The file cannot be read, is neither an array nor an archive, or an array in it is damaged.
    pub fn open(world: &dyn World, path: &Path) -> Result<Self, DataError> {
        let bytes = npy::start(world, path, LONGEST)?;
        let kind = if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy")) { "npy" } else { "npz" };
        let wrong = |reason: &str| DataError::Format { path: path.into(), kind, reason: reason.into() };
        let mut found = Self { path: path.into(), source: Source::One, members: vec![], ignored: vec![] };
        if bytes.starts_with(MAGIC) || (kind == "npy" && !bytes.starts_with(ZIP)) {
            let header = Header::read(&bytes).map_err(|reason| wrong(&reason))?;
            found.members.push(Member { name: String::new(), header, index: 0 });
            return Ok(found);
        }
        if !bytes.starts_with(ZIP) {
            return Err(wrong("it is not a zip archive, or is damaged"));
        }
        let bytes = npy::start(world, path, LARGEST + 1)?;
        if bytes.len() > LARGEST {
            return Err(wrong(&format!("it is larger than {} megabytes", LARGEST >> 20)));
        }
        let archive =
            ZipArchive::new(Cursor::new(bytes)).map_err(|_| wrong("it is not a zip archive, or is damaged"))?;
        found.source = Source::Archive(Box::new(archive));
        found.list()?;
        match found.members.is_empty() {
            true if found.ignored.is_empty() => Err(wrong("it is empty")),
            true => Err(wrong(&format!("it has no arrays, only {}", found.ignored.join(", ")))),
            false => Ok(found),
        }
    }

    /// Sorts the files of the archive into arrays and others.
    fn list(&mut self) -> Result<(), DataError> {
        let Source::Archive(archive) = &mut self.source else { return Ok(()) };
        let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
        for (index, name) in names.into_iter().enumerate() {
            let shown = visible(&name);
            if name.ends_with('/') || hidden(&name) {
                self.ignored.push(shown);
                continue;
            }
            let array = name.strip_suffix(".npy");
            let wrong = |reason: String| damaged(&self.path, &shown, &reason);
            let start = match start(archive, index, LONGEST) {
                Ok(start) => start,
                Err(_) if array.is_none() => {
                    self.ignored.push(shown);
                    continue;
                }
                Err(reason) => return Err(wrong(reason)),
            };
            if array.is_none() && !start.starts_with(MAGIC) {
                self.ignored.push(shown);
                continue;
            }
            let header = Header::read(&start).map_err(wrong)?;
            self.members.push(Member { name: visible(array.unwrap_or(&name)), header, index });
        }
        Ok(())
    }

    /// Reads the numbers of an array.
    ///
    /// # Errors
    /// Its elements are not numbers, or are not as many as its shape says.
    pub fn read(&mut self, world: &dyn World, member: &Member) -> Result<Array, DataError> {
        let Member { name, header, index } = member;
        let path = &self.path;
        let (kind, name) = match &self.source {
            Source::One => ("npy", stem(path)),
            Source::Archive(_) => ("npz", name.clone()),
        };
        let located = |failure: Failure| failure.located(path, kind, &name);
        let array = match &mut self.source {
            Source::One => numbers(header, &npy::after(world, path, header)?).map_err(located)?,
            Source::Archive(archive) => {
                let size = element::size(&header.element).unwrap_or(1).saturating_mul(member.count());
                // One byte more than needed, to see that there are no more.
                let limit = size.saturating_add(header.length).saturating_add(1);
                let bytes = start(archive, *index, limit).map_err(|reason| damaged(path, &name, &reason))?;
                numbers(header, bytes.get(header.length..).unwrap_or_default()).map_err(located)?
            }
        };
        Ok(Array { name: member.name.clone(), ..array })
    }
}

/// Whether a file of an archive is about another one: macOS adds them.
fn hidden(name: &str) -> bool {
    name.starts_with("__MACOSX/") || name.rsplit('/').next().is_some_and(|file| file.starts_with("._"))
}

fn damaged(path: &Path, member: &str, reason: &str) -> DataError {
    DataError::Format { path: path.into(), kind: "npz", reason: format!("`{member}` in it cannot be read: {reason}") }
}

/// The first bytes of a file of an archive.
fn start(archive: &mut ZipArchive<Cursor<Vec<u8>>>, index: usize, limit: usize) -> Result<Vec<u8>, String> {
    let file = archive.by_index(index).map_err(|error| match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => "it is encrypted".to_owned(),
        ZipError::UnsupportedArchive(_) => {
            "it is compressed by another method than `numpy.savez_compressed`".to_owned()
        }
        _ => "it is damaged".to_owned(),
    })?;
    let mut bytes = Vec::new();
    file.take(limit as u64).read_to_end(&mut bytes).map_err(|_| "it is damaged")?;
    Ok(bytes)
}

/// Reads all arrays of a `.npz` archive, in the archive's order.
///
/// # Errors
/// The file cannot be read, or an array in it is damaged or does not consist of numbers.
pub fn read_npz(world: &dyn World, path: &Path) -> Result<Vec<Array>, DataError> {
    let mut arrays = Arrays::open(world, path)?;
    let members = arrays.members.clone();
    members.iter().map(|member| arrays.read(world, member)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::npy_bytes;
    use crate::world::Memory;
    use ndarray::{Array2, ShapeBuilder};
    use ndarray_npy::WriteNpyExt;
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    fn deflated() -> SimpleFileOptions {
        SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated)
    }

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            match name.strip_suffix('/') {
                Some(folder) => archive.add_directory(folder, deflated()).unwrap(),
                None => {
                    archive.start_file(*name, deflated()).unwrap();
                    archive.write_all(bytes).unwrap();
                }
            }
        }
        archive.finish().unwrap().into_inner()
    }

    fn open(bytes: impl Into<Vec<u8>>) -> Result<Arrays, DataError> {
        Arrays::open(&Memory::with([("a.npz", bytes)]), Path::new("a.npz"))
    }

    fn all(bytes: impl Into<Vec<u8>>) -> Result<Vec<Array>, DataError> {
        read_npz(&Memory::with([("a.npz", bytes)]), Path::new("a.npz"))
    }

    fn one(x: f64) -> Vec<u8> {
        npy_bytes(Path::new("a.npy"), &[], &[x]).unwrap()
    }

    /// A header of a shape, and bytes after it.
    fn claiming(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}\n");
        let length = u16::try_from(text.len()).unwrap().to_le_bytes();
        [MAGIC, &[1, 0], &length, text.as_bytes(), bytes].concat()
    }

    #[test]
    fn an_archive_keeps_its_order_and_any_number_type_comes_in() {
        let fortran = Array2::from_shape_vec((2, 2).f(), vec![1.0f32, 3.0, 2.0, 4.0]).unwrap();
        let (mut weight, mut whole) = (Vec::new(), Vec::new());
        fortran.write_npy(&mut weight).unwrap();
        ndarray::arr1(&[1i32, -2]).write_npy(&mut whole).unwrap();
        let arrays = all(archive(&[("z.weight.npy", &weight), ("a.npy", &whole), ("scalar.npy", &one(2.5))])).unwrap();
        let names: Vec<_> = arrays.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["z.weight", "a", "scalar"]);
        assert_eq!(arrays[0].data, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(arrays[1].data, [1.0, -2.0]);
        assert!(arrays[0].single && !arrays[1].single);
        assert_eq!((arrays[2].shape.len(), arrays[2].data[0]), (0, 2.5));
    }

    #[test]
    fn what_is_not_an_array_is_set_aside() {
        let files: [(&str, &[u8]); 7] = [
            ("README.txt", b"hello"),
            ("sub/", b""),
            ("sub/b.npy", &one(2.0)),
            ("__MACOSX/._a.npy", b"\0\x05\x16\x07"),
            ("._a.npy", b"\0\x05\x16\x07"),
            ("c", &one(3.0)),
            ("empty", b""),
        ];
        let found = open(archive(&files)).unwrap();
        assert_eq!(found.members.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["sub/b", "c"]);
        assert_eq!(found.ignored, ["README.txt", "sub/", "__MACOSX/._a.npy", "._a.npy", "empty"]);
        assert_eq!(all(archive(&files)).unwrap()[1].data, [3.0]);
        // An array that is damaged is not something else.
        let error = open(archive(&[("a.npy", b"hello"), ("b.npy", &one(1.0))])).err().unwrap().to_string();
        assert!(error.contains("`a.npy` in it cannot be read: it does not begin like a NumPy array"), "{error}");
        let error = open(archive(&[("notes/", b""), ("README", b"")])).err().unwrap().to_string();
        assert!(error.ends_with("it has no arrays, only notes/, README"), "{error}");
        assert!(open(archive(&[])).err().unwrap().to_string().ends_with("it is empty"));
    }

    #[test]
    fn the_content_says_what_a_file_is() {
        let world = Memory::with([("a.npz", one(1.5)), ("a.npy", archive(&[("b.npy", &one(2.5))]))]);
        assert_eq!(read_npz(&world, Path::new("a.npz")).unwrap()[0].data, [1.5]);
        assert_eq!(read_npz(&world, Path::new("a.npy")).unwrap()[0].data, [2.5]);
        for text in [&b"PK not really"[..], b"", b"text"] {
            let error = open(text).err().unwrap().to_string();
            assert_eq!(error, "`a.npz` is not a readable npz file: it is not a zip archive, or is damaged");
        }
        let whole = archive(&[("a.npy", &one(1.0))]);
        assert!(open(&whole[..whole.len() / 2]).is_err());
    }

    #[test]
    fn no_more_is_unpacked_than_a_shape_says() {
        let zeros = vec![0; 10_000_000];
        let bytes =
            archive(&[("a.npy", &claiming("|b1", "(10000000,)", &zeros)), ("b.npy", &claiming("|b1", "(2,)", &zeros))]);
        assert!(bytes.len() < 100_000);
        let mut found = open(bytes).unwrap();
        let members = found.members.clone();
        assert_eq!((members[0].shape(), members[0].count()), (&[10_000_000][..], 10_000_000));
        let error = found.read(&Memory::default(), &members[1]).unwrap_err().to_string();
        assert!(error.ends_with("more bytes of `|b1` than fill the shape [2]"), "{error}");
        let huge = archive(&[("x.npy", &claiming("<f8", "(1000000000000000,)", &[0; 8]))]);
        let error = all(huge).unwrap_err().to_string();
        assert!(error.contains("8 bytes of `<f8` do not fill the shape"), "{error}");
        let beyond = archive(&[("x.npy", &claiming("<f8", "(1000000000000000, 1000000000000000)", &[]))]);
        assert_eq!(open(beyond).unwrap().members[0].count(), usize::MAX);
    }
}
