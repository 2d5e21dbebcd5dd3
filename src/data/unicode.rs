//! Arrays of strings in NumPy's formats: `U`, four bytes per character, and `S`, one byte per character.

use ndarray_npy::npy::header::{Header, Layout};

/// The strings after the header of a `.npy` file with elements such as `<U9`, `>U9` or `|S9`.
///
/// # Errors
/// Says how the bytes do not fit the type.
pub(super) fn read(element: &str, bytes: &[u8]) -> Result<Vec<String>, String> {
    let kind = element.trim_start_matches(['|', '<', '>', '=']);
    let wide = kind.starts_with('U');
    let length: usize =
        kind.get(1..).and_then(|n| n.parse().ok()).ok_or_else(|| format!("elements of type `{element}`"))?;
    let Some(size) = length.checked_mul(if wide { 4 } else { 1 }).filter(|size| *size > 0) else {
        return Err("strings of length 0".into());
    };
    if !bytes.len().is_multiple_of(size) {
        return Err(format!("{} bytes are not strings of {length} characters", bytes.len()));
    }
    let big = element.starts_with('>');
    bytes.chunks(size).map(|text| if wide { characters(text, big) } else { one_byte(text) }).collect()
}

fn characters(text: &[u8], big: bool) -> Result<String, String> {
    let (codes, _) = text.as_chunks::<4>();
    let code = |c: &[u8; 4]| if big { u32::from_be_bytes(*c) } else { u32::from_le_bytes(*c) };
    let character = |c: u32| char::from_u32(c).ok_or_else(|| format!("{c} is not a character"));
    codes.iter().map(code).take_while(|c| *c != 0).map(character).collect()
}

fn one_byte(text: &[u8]) -> Result<String, String> {
    Ok(text.iter().take_while(|b| **b != 0).map(|b| char::from(*b)).collect())
}

/// The content of a `.npy` file of strings, all padded to the longest.
pub(super) fn npy_bytes(texts: &[String]) -> Result<Vec<u8>, String> {
    let length = texts.iter().map(|t| t.chars().count()).max().unwrap_or(0).max(1);
    let type_descriptor = format!("'<U{length}'").parse().map_err(|_| "invalid string type".to_owned())?;
    let header = Header { type_descriptor, layout: Layout::Standard, shape: vec![texts.len()] };
    let mut bytes = header.to_bytes().map_err(|e| e.to_string())?;
    for text in texts {
        let codes = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(length);
        bytes.extend(codes.flat_map(u32::to_le_bytes));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back() {
        let texts: Vec<String> = ["H", "", "He$^+$", "Δn²"].map(String::from).to_vec();
        let bytes = npy_bytes(&texts).unwrap();
        let mut rest: &[u8] = &bytes;
        let header = Header::from_reader(&mut rest).unwrap();
        assert_eq!((header.type_descriptor.to_string().as_str(), header.shape), ("'<U6'", vec![4]));
        assert_eq!(read("<U6", rest).unwrap(), texts);
    }

    #[test]
    fn other_widths_and_orders() {
        assert_eq!(read(">U2", &[0, 0, 0, 72, 0, 0, 0, 0]).unwrap(), ["H"]);
        assert_eq!(read("|S3", b"He+H\0\0").unwrap(), ["He+", "H"]);
        assert!(read("<U2", &[0; 7]).is_err());
        assert!(read("<U1", &[255; 4]).is_err());
        assert!(read("<U0", &[]).is_err() && read("<U", &[]).is_err());
    }
}
