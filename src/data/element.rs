//! Decodes numbers of NumPy's element types.

use half::f16;

/// Why bytes cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ElementError {
    /// The type is not a float of 2, 4 or 8 bytes, an integer or a Boolean.
    Type,
    /// The last number is cut off.
    Length,
}

/// The numbers in `bytes`, for an element type such as `f8`, `<i4` or `|b1`; `big` if the most significant byte comes first.
///
/// # Errors
/// Another type, or a last number that is cut off.
pub(super) fn numbers(element: &str, big: bool, bytes: &[u8]) -> Result<Vec<f64>, ElementError> {
    macro_rules! numbers {
        ($t:ty) => {{
            let (words, rest) = bytes.as_chunks::<{ size_of::<$t>() }>();
            let number = |w: &[u8; size_of::<$t>()]| match big {
                true => <$t>::from_be_bytes(*w) as f64,
                false => <$t>::from_le_bytes(*w) as f64,
            };
            if rest.is_empty() { Ok(words.iter().map(number).collect()) } else { Err(ElementError::Length) }
        }};
    }
    match element_type(element) {
        "f8" => numbers!(f64),
        "f4" => numbers!(f32),
        "f2" => {
            let (words, rest) = bytes.as_chunks::<2>();
            let number = |w: &[u8; 2]| if big { f16::from_be_bytes(*w) } else { f16::from_le_bytes(*w) }.to_f64();
            if rest.is_empty() { Ok(words.iter().map(number).collect()) } else { Err(ElementError::Length) }
        }
        "i8" => numbers!(i64),
        "i4" => numbers!(i32),
        "i2" => numbers!(i16),
        "i1" => numbers!(i8),
        "u8" => numbers!(u64),
        "u4" => numbers!(u32),
        "u2" => numbers!(u16),
        "u1" => numbers!(u8),
        "b1" => Ok(bytes.iter().map(|b| f64::from(u8::from(*b != 0))).collect()),
        _ => Err(ElementError::Type),
    }
}

/// The type of an element without its byte order, by the shortest of the names that NumPy has for it.
fn element_type(element: &str) -> &str {
    match element.trim_start_matches(['<', '>', '|', '=']) {
        "d" | "float" | "float64" | "double" => "f8",
        "f" | "float32" | "single" => "f4",
        "e" | "float16" | "half" => "f2",
        "q" | "l" | "int" | "int64" => "i8",
        "i" | "int32" => "i4",
        "h" | "int16" => "i2",
        "b" | "int8" => "i1",
        "Q" | "L" | "uint" | "uint64" => "u8",
        "I" | "uint32" => "u4",
        "H" | "uint16" => "u2",
        "B" | "uint8" => "u1",
        "?" | "bool" => "b1",
        other => other,
    }
}

/// The bytes of a number of this type; `None` if its numbers are not read.
pub(super) fn size(element: &str) -> Option<usize> {
    match element_type(element) {
        "f8" | "i8" | "u8" => Some(8),
        "f4" | "i4" | "u4" => Some(4),
        "f2" | "i2" | "u2" => Some(2),
        "i1" | "u1" | "b1" => Some(1),
        _ => None,
    }
}

/// Whether the numbers of this type are in single precision.
pub(super) fn single(element: &str) -> bool {
    element_type(element) == "f4"
}

/// How many elements a shape has; `None` on overflow.
pub(super) fn count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |product, n| product.checked_mul(*n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_and_byte_order() {
        let cases: [(&str, &[u8], f64); 13] = [
            ("<f2", &[0x00, 0xc1], -2.5),
            (">f2", &[0x00, 0x01], 2.0_f64.powi(-24)),
            ("<f8", &0.1f64.to_le_bytes(), 0.1),
            (">f4", &0.5f32.to_be_bytes(), 0.5),
            ("<i8", &(-7i64).to_le_bytes(), -7.0),
            (">i4", &(-70000i32).to_be_bytes(), -70000.0),
            ("<i2", &(-300i16).to_le_bytes(), -300.0),
            ("|i1", &[0xff], -1.0),
            ("<u8", &(1u64 << 40).to_le_bytes(), (1u64 << 40) as f64),
            ("<u4", &u32::MAX.to_le_bytes(), f64::from(u32::MAX)),
            (">u2", &[1, 0], 256.0),
            ("|u1", &[255], 255.0),
            ("|b1", &[1], 1.0),
        ];
        for (element, bytes, wanted) in cases {
            assert_eq!(numbers(element, element.starts_with('>'), bytes), Ok(vec![wanted]), "{element}");
            assert_eq!(size(element), Some(bytes.len()), "{element}");
        }
        for (name, element) in [("float64", "<f8"), ("?", "|b1"), ("=e", "<f2"), (">int32", ">i4"), ("B", "|u1")] {
            assert_eq!((element_type(name), size(name)), (element_type(element), size(element)), "{name}");
        }
        assert_eq!(numbers("<f8", false, &[0; 9]), Err(ElementError::Length));
        assert_eq!(numbers("<f2", false, &[0; 3]), Err(ElementError::Length));
        for other in ["<c16", "<f16", "<M8[D]"] {
            assert_eq!((numbers(other, false, &[0; 16]), size(other)), (Err(ElementError::Type), None));
        }
    }
}
