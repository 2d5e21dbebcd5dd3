//! The header of a `.npy` file: the literal of a Python dictionary. What NumPy reads is read here, too: headers written by Python 2
//! (`3L`, `u'descr'`), without the newline at the end, with other white space or another order of the keys.

use py_literal::Value;

/// What every `.npy` file begins with.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// Where a file of version 1 has the length of its header, which follows it.
pub(super) const LENGTH: std::ops::Range<usize> = 8..10;
/// The longest start of a file that is searched for its header, bytes. NumPy itself writes headers of 128.
pub(super) const LONGEST: usize = 1 << 16;
/// The maximum number of parentheses (those of numbers and strings have two).
const PARENTHESES: usize = 64;
/// How deeply these may be nested: the parser recurses without a limit, and its time multiplies with every level.
const NESTED: usize = 5;

/// What a header says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    /// The type of the elements, as in `<f8`.
    pub element: String,
    /// Whether the first axis is the fastest.
    pub fortran: bool,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The bytes of the file before its numbers.
    pub length: usize,
}

impl Header {
    /// The header at the start of a file.
    ///
    /// # Errors
    /// Says in words what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            return Err("it does not begin like a NumPy array".into());
        };
        let (start, text) = match *rest {
            [1, _, a, b, ..] => (LENGTH.end, usize::from(u16::from_le_bytes([a, b]))),
            [2 | 3, _, a, b, c, d, ..] => (12, usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX)),
            [1..=3, ..] | [] => return Err("its header is cut off".into()),
            [version, ..] => return Err(format!("it is in version {version} of the format; versions 1 to 3 are read")),
        };
        let length = usize::saturating_add(start, text);
        let Some(text) = bytes.get(start..length) else {
            let long = length > LONGEST && bytes.len() >= LONGEST;
            return Err(if long { "its header is too long" } else { "its header is cut off" }.into());
        };
        if text.iter().filter(|b| b"([{".contains(b)).count() > PARENTHESES || depth(text) > NESTED {
            return Err("its header has too many parentheses".into());
        }
        let wrong = || "its header is not that of a NumPy array".to_owned();
        let Ok(Value::Dict(entries)) = literal(&String::from_utf8_lossy(text)).parse::<Value>() else {
            return Err(wrong());
        };
        let of = |name: &str| {
            let is_named = |key: &Value| matches!(key, Value::String(key) if key == name);
            let found = entries.iter().rev().find(|(key, _)| is_named(key)).map(|(_, value)| value);
            found.ok_or_else(|| format!("its header has no `{name}`"))
        };
        let element = match of("descr")? {
            Value::String(element) => element.clone(),
            Value::List(_) => return Err("its elements have several named fields: save each of them on its own".into()),
            _ => return Err("its header has no type of number in `descr`".into()),
        };
        let Value::Boolean(fortran) = *of("fortran_order")? else {
            return Err("`fortran_order` in its header is neither True nor False".into());
        };
        let shape = axes(of("shape")?).ok_or("`shape` in its header is not a tuple of lengths")?;
        Ok(Self { element, fortran, shape, length })
    }

    /// The text of this header in the file that it was read from, if that is of version 1.
    pub fn text_of_version_1<'b>(&self, file: &'b [u8]) -> Option<&'b [u8]> {
        if file.get(MAGIC.len()) == Some(&1) { file.get(LENGTH.end..self.length) } else { None }
    }
}

/// How deeply the parentheses of a text are nested.
fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn axes(value: &Value) -> Option<Vec<usize>> {
    let (Value::Tuple(axes) | Value::List(axes)) = value else { return None };
    let axis = |axis: &Value| match axis {
        Value::Integer(length) => length.to_string().parse().ok(),
        _ => None,
    };
    axes.iter().map(axis).collect()
}

/// The text of a header as the literal parser wants it: without the `L` and `u` of Python 2 and without newlines.
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    let mut quote = None;
    let mut characters = text.trim_matches(['\0', ' ', '\t', '\r', '\n']).chars().peekable();
    let mut last = ' ';
    while let Some(c) = characters.next() {
        let next = characters.peek().copied();
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, 'L' | 'l') if last.is_ascii_digit() => continue,
            (None, 'u' | 'U') if matches!(next, Some('\'' | '"')) => continue,
            (None, '\r' | '\n') => {
                literal.push(' ');
                continue;
            }
            (None, _) => {}
        }
        literal.push(c);
        last = c;
    }
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of this version with this header.
    fn file(version: u8, text: &str) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        let length = if version == 1 { &length[..2] } else { &length[..] };
        [MAGIC, &[version, 0], length, text.as_bytes(), &[7; 16]].concat()
    }

    fn read(text: &str) -> Result<Header, String> {
        Header::read(&file(1, text))
    }

    #[test]
    fn headers_that_numpy_reads_are_read() {
        let wanted = |shape: &[usize]| (String::from("<f8"), false, shape.to_vec());
        let texts: [(&str, &[usize]); 9] = [
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 513), }   \n", &[3, 513]),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (3L, 513L), }\n", &[3, 513]),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 513)}", &[3, 513]),
            ("{'shape': (513,), 'fortran_order': False, 'descr': '<f8'}\n", &[513]),
            ("  {\n 'descr' : \"<f8\",\n\t'fortran_order':False ,'shape':( ) }\r\n", &[]),
            ("{u'descr': u'<f8', u'fortran_order': False, u'shape': (0L,)}\n", &[0]),
            ("{'fortran_order':False,'shape':(2,3,4),'descr':'<f8'}\0\0", &[2, 3, 4]),
            ("{'descr':'<f8','fortran_order':False,'shape':(1_000, 0x10)}\n", &[1000, 16]),
            ("{'descr':'<f8','fortran_order':False,'shape':[5]}\n", &[5]),
        ];
        for (text, shape) in texts {
            for version in 1..=3 {
                let bytes = file(version, text);
                let found = Header::read(&bytes).unwrap_or_else(|error| panic!("{text}: {error}"));
                assert_eq!(found.length, bytes.len() - 16);
                assert_eq!((found.element, found.fortran, found.shape), wanted(shape), "{text}");
            }
        }
        assert!(read("{'descr': '>i4', 'fortran_order': True, 'shape': (2, 2)}").unwrap().fortran);
    }

    #[test]
    fn nested_parentheses_take_no_time() {
        assert_eq!(read(&"{".repeat(60)).unwrap_err(), "its header has too many parentheses");
        assert_eq!(
            read(&format!("{{'descr': {}", "([".repeat(31))).unwrap_err(),
            "its header has too many parentheses"
        );
        // As many as may be: what the parser tries in vain multiplies with every level.
        for text in ["{{{{{", "([{([", "{([([", "(((((1,", "{'a':{'a':{'a':{'a':{'a':"] {
            let longer = format!("{text}{}", "1)}]),({".repeat(20));
            for text in [text, &longer] {
                assert!(read(text).is_err(), "{text}");
            }
        }
        assert!(read("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'more': ([(1,)],)}").is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let cases = [
            ("hello", "its header is not that of a NumPy array"),
            ("('<f8', False, (3,))", "its header is not that of a NumPy array"),
            ("{'descr': '<f8', 'fortran_order': False}", "its header has no `shape`"),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}", "is not a tuple of lengths"),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': 3}", "is not a tuple of lengths"),
            ("{'descr': '<f8', 'fortran_order': 1, 'shape': (3,)}", "is neither True nor False"),
            ("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,)}", "several named fields"),
            ("{'descr': None, 'fortran_order': False, 'shape': (3,)}", "no type of number"),
            (
                &format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({},)}}", "9".repeat(40)),
                "tuple of lengths",
            ),
        ];
        for (text, wanted) in cases {
            let error = read(text).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
        assert!(Header::read(b"\x93NUMPY\x04\x00").unwrap_err().contains("version 4"));
        for cut in
            [&b"\x93NUMPY"[..], b"\x93NUMPY\x01", b"\x93NUMPY\x01\x00\x10\x00{'descr'", b"\x93NUMPY\x02\x00\x10\x00"]
        {
            assert_eq!(Header::read(cut).unwrap_err(), "its header is cut off");
        }
        let long = [b"\x93NUMPY\x02\x00\xff\xff\xff\x00".to_vec(), vec![b' '; LONGEST]].concat();
        assert_eq!(Header::read(&long).unwrap_err(), "its header is too long");
    }
}
