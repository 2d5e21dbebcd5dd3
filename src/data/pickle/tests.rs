//! Pickles as NumPy 2.4 writes them (`pickle.dumps(array, protocol=…)`).

use super::*;

/// `[array([0.5]), array([-0.72, 0.8])]`, protocol 2.
const ARRAYS_2: &[&[u8]] = &[
    b"\x80\x02cnumpy._core.multiarray\x0a_reconstruct\x0aq\x00cnumpy\x0andarray\x0aq\x01K\x00\x85q\x02",
    b"c_codecs\x0aencode\x0aq\x03X\x01\x00\x00\x00bq\x04X\x06\x00\x00\x00latin1q\x05\x86q\x06Rq\x07",
    b"\x87q\x08Rq\x09(K\x01K\x02\x85q\x0acnumpy\x0adtype\x0aq\x0bX\x02\x00\x00\x00O8q\x0c\x89\x88\x87q",
    b"\x0dRq\x0e(K\x03X\x01\x00\x00\x00|q\x0fNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tq\x10b\x89]q\x11(",
    b"h\x00h\x01K\x00\x85q\x12h\x07\x87q\x13Rq\x14(K\x01K\x01\x85q\x15h\x0bX\x02\x00\x00\x00f8q\x16",
    b"\x89\x88\x87q\x17Rq\x18(K\x03X\x01\x00\x00\x00<q\x19NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq",
    b"\x1ab\x89h\x03X\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc3\xa0?q\x1bh\x05\x86q\x1cRq\x1dtq\x1eb",
    b"h\x00h\x01K\x00\x85q\x1fh\x07\x87q Rq!(K\x01K\x02\x85q\"h\x18\x89h\x03X\x1b\x00\x00\x00\x0a\xc3",
    b"\x97\xc2\xa3p=\x0a\xc3\xa7\xc2\xbf\xc2\x9a\xc2\x99\xc2\x99\xc2\x99\xc2\x99\xc2\x99\xc3\xa9?q#h",
    b"\x05\x86q$Rq%tq&betq'b.",
];

/// The same, protocol 5.
const ARRAYS_5: &[&[u8]] = &[
    b"\x80\x05\x95\x1e\x01\x00\x00\x00\x00\x00\x00\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstru",
    b"ct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K",
    b"\x01K\x02\x85\x94h\x03\x8c\x05dtype\x94\x93\x94\x8c\x02O8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01",
    b"|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?t\x94b\x89]\x94(\x8c\x13numpy._core.numeric\x94\x8c",
    b"\x0b_frombuffer\x94\x93\x94(\x96\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xe0?",
    b"\x94h\x0c\x8c\x02f8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff",
    b"\xffK\x00t\x94bK\x01\x85\x94\x8c\x01C\x94t\x94R\x94h\x15(\x96\x10\x00\x00\x00\x00\x00\x00\x00",
    b"\x0a\xd7\xa3p=\x0a\xe7\xbf\x9a\x99\x99\x99\x99\x99\xe9?\x94h\x19K\x02\x85\x94h\x1dt\x94R\x94et",
    b"\x94b.",
];

/// `[[1], [3, 1.5, -70000, True]]`, protocol 4.
const LISTS_4: &[&[u8]] = &[
    b"\x80\x04\x95\xa4\x00\x00\x00\x00\x00\x00\x00\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstru",
    b"ct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K",
    b"\x01K\x02\x85\x94h\x03\x8c\x05dtype\x94\x93\x94\x8c\x02O8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01",
    b"|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?t\x94b\x89]\x94(]\x94K\x01a]\x94(K\x03G?\xf8\x00\x00",
    b"\x00\x00\x00\x00J\x90\xee\xfe\xff\x88eet\x94b.",
];

/// Two rows of scalars, `[[float32(0.5), int64(2)], [float64(-1), 3]]`, protocol 3.
const SCALARS_3: &[&[u8]] = &[
    b"\x80\x03cnumpy._core.multiarray\x0a_reconstruct\x0aq\x00cnumpy\x0andarray\x0aq\x01K\x00\x85q\x02",
    b"C\x01bq\x03\x87q\x04Rq\x05(K\x01K\x02K\x02\x86q\x06cnumpy\x0adtype\x0aq\x07X\x02\x00\x00\x00O8q",
    b"\x08\x89\x88\x87q\x09Rq\x0a(K\x03X\x01\x00\x00\x00|q\x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?t",
    b"q\x0cb\x89]q\x0d(cnumpy._core.multiarray\x0ascalar\x0aq\x0eh\x07X\x02\x00\x00\x00f4q\x0f\x89\x88",
    b"\x87q\x10Rq\x11(K\x03X\x01\x00\x00\x00<q\x12NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x13bC",
    b"\x04\x00\x00\x00?q\x14\x86q\x15Rq\x16h\x0eh\x07X\x02\x00\x00\x00i8q\x17\x89\x88\x87q\x18Rq\x19(K",
    b"\x03h\x12NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x1abC\x08\x02\x00\x00\x00\x00\x00\x00\x00q",
    b"\x1b\x86q\x1cRq\x1dh\x0eh\x07X\x02\x00\x00\x00f8q\x1e\x89\x88\x87q\x1fRq (K\x03h\x12NNNJ\xff\xff",
    b"\xff\xffJ\xff\xff\xff\xffK\x00tq!bC\x08\x00\x00\x00\x00\x00\x00\xf0\xbfq\"\x86q#Rq$K\x03etq%b.",
];

/// `[array([1, 2], dtype=">f8")]`, protocol 4.
const BIG_4: &[&[u8]] = &[
    b"\x80\x04\x95\xdb\x00\x00\x00\x00\x00\x00\x00\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstru",
    b"ct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K",
    b"\x01K\x01\x85\x94h\x03\x8c\x05dtype\x94\x93\x94\x8c\x02O8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01",
    b"|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?t\x94b\x89]\x94h\x02h\x05K\x00\x85\x94h\x07\x87\x94R",
    b"\x94(K\x01K\x02\x85\x94h\x0c\x8c\x02f8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01>\x94NNNJ\xff\xff",
    b"\xff\xffJ\xff\xff\xff\xffK\x00t\x94b\x89C\x10?\xf0\x00\x00\x00\x00\x00\x00@\x00\x00\x00\x00\x00",
    b"\x00\x00\x94t\x94bat\x94b.",
];

/// An object that would run a command if Python read it.
const SYSTEM_4: &[&[u8]] = &[
    b"\x80\x04\x95\xa7\x00\x00\x00\x00\x00\x00\x00\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstru",
    b"ct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K",
    b"\x01K\x01\x85\x94h\x03\x8c\x05dtype\x94\x93\x94\x8c\x02O8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01",
    b"|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?t\x94b\x89]\x94\x8c\x05posix\x94\x8c\x06system\x94",
    b"\x93\x94\x8c\x04true\x94\x85\x94R\x94at\x94b.",
];

/// `[["a"]]`.
const TEXTS_4: &[&[u8]] = &[
    b"\x80\x04\x95\x90\x00\x00\x00\x00\x00\x00\x00\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstru",
    b"ct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K",
    b"\x01K\x01\x85\x94h\x03\x8c\x05dtype\x94\x93\x94\x8c\x02O8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01",
    b"|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?t\x94b\x89]\x94]\x94\x8c\x01a\x94aat\x94b.",
];

#[test]
fn lists_and_arrays_of_any_protocol() {
    let jagged = [vec![0.5], vec![-0.72, 0.8]];
    assert_eq!(rows(&ARRAYS_2.concat()).unwrap(), jagged);
    assert_eq!(rows(&ARRAYS_5.concat()).unwrap(), jagged);
    assert_eq!(rows(&LISTS_4.concat()).unwrap(), [vec![1.0], vec![3.0, 1.5, -70000.0, 1.0]]);
    assert_eq!(rows(&SCALARS_3.concat()).unwrap(), [[0.5, 2.0], [-1.0, 3.0]]);
    assert_eq!(rows(&BIG_4.concat()).unwrap(), [[1.0, 2.0]]);
    // NumPy 1 has the same function elsewhere.
    let mut old = ARRAYS_2.concat();
    let at = old.windows(11).position(|w| w == b"numpy._core").unwrap();
    old.splice(at..at + 11, *b"numpy.core");
    assert_eq!(rows(&old).unwrap(), jagged);
}

#[test]
fn nothing_is_executed() {
    let error = rows(&SYSTEM_4.concat()).unwrap_err();
    assert!(matches!(&error, PickleError::Call { function } if function.ends_with("system")), "{error}");
    assert_eq!(rows(&TEXTS_4.concat()), Err(PickleError::NotNumbers));
}

#[test]
fn damaged_pickles_are_errors() {
    for whole in [ARRAYS_2.concat(), ARRAYS_5.concat(), LISTS_4.concat(), SCALARS_3.concat()] {
        for end in 0..whole.len() {
            assert!(rows(&whole[..end]).is_err());
        }
        for (at, flip) in (0..whole.len()).flat_map(|at| [(at, 1), (at, 0x80), (at, 0xff)]) {
            let mut other = whole.clone();
            other[at] ^= flip;
            let _ = rows(&other);
        }
    }
}

/// `numpy.core.…` called `times` with memoised bytes, which are copied every time.
fn again_and_again(function: &str, arguments: &[u8], times: usize) -> Vec<u8> {
    let long = vec![b'a'; 1 << 20];
    let length = (long.len() as u32).to_le_bytes();
    let mut bytes = [b"\x80\x02X".as_slice(), &length, &long, b"q\x00B", &length, &long, b"q\x01"].concat();
    bytes.extend(b"cnumpy\x0adtype\x0aX\x02\x00\x00\x00f8\x85Rq\x02");
    for _ in 0..times {
        let called = format!("c{}\n", function.replace(' ', "\n"));
        bytes.extend([called.as_bytes(), arguments, b"R0"].concat());
    }
    bytes.push(b'.');
    bytes
}

#[test]
fn copies_of_the_same_bytes_are_limited() {
    let frombuffer = ("numpy.core.numeric _frombuffer", b"(h\x01h\x02J\x00\x00\x02\x00\x85U\x01Ct".as_slice());
    let scalar = ("numpy.core.multiarray scalar", b"h\x02h\x01\x86".as_slice());
    let encode = ("_codecs encode", b"h\x00h\x00\x86".as_slice());
    let dtype = ("numpy dtype", b"h\x00\x85".as_slice());
    for (function, arguments) in [frombuffer, scalar, encode, dtype] {
        assert_eq!(rows(&again_and_again(function, arguments, 5)), Err(PickleError::NotNumbers), "{function}");
        assert_eq!(rows(&again_and_again(function, arguments, 50)), Err(PickleError::Large), "{function}");
    }
}

#[test]
fn lists_of_the_same_lists_are_limited() {
    // A list of 64 elements, a list of 64 such lists, and so on: 64^6 numbers.
    let mut list = b"(".to_vec();
    list.extend(b"K\x00".repeat(64));
    list.extend(b"lq\x00");
    for depth in 1..6u8 {
        list.extend([b"(".to_vec(), [b'h', depth - 1].repeat(64), vec![b'l', b'q', depth]].concat());
    }
    let bytes = objects(b"(K\x01t", &[b"(".to_vec(), list, b"h\x05l".to_vec()].concat());
    assert_eq!(rows(&bytes), Err(PickleError::Large));
}

/// An array of objects: its shape, and the list of objects as opcodes.
fn objects(shape: &[u8], list: &[u8]) -> Vec<u8> {
    let made = b"cnumpy.core.multiarray\x0a_reconstruct\x0a)R(K\x01";
    let element = b"cnumpy\x0adtype\x0aX\x02\x00\x00\x00O8\x85R\x89";
    [made.as_slice(), shape, element, list, b"tb."].concat()
}

#[test]
fn shapes_are_counted() {
    assert_eq!(rows(&objects(b"(K\x02K\x01t", b"(K\x03K\x04l")).unwrap(), [[3.0], [4.0]]);
    assert_eq!(rows(&objects(b"(K\x00K\x05t", b"]")).unwrap(), Vec::<Vec<f64>>::new());
    // (0, 1e14, 1e14)
    let long = b"\x8a\x06\x00\x40\x7a\x10\xf3\x5a";
    let shape = [b"(K\x00".as_slice(), long, long, b"t"].concat();
    assert_eq!(rows(&objects(&shape, b"]")), Err(PickleError::Damaged));
}

#[test]
fn a_memo_counts_its_keys() {
    // q 0 twice: MEMOIZE then takes key 1.
    let list = b"(K\x05q\x00K\x06q\x00K\x07\x94h\x00h\x01l";
    assert_eq!(rows(&objects(b"(K\x05t", list)).unwrap(), [[5.0], [6.0], [7.0], [6.0], [7.0]]);
}

#[test]
fn lists_that_hold_themselves_end() {
    // l = []; l.append(l), as an element of the array.
    let mut bytes = LISTS_4.concat();
    let at = bytes.windows(3).position(|w| w == b"K\x01a").unwrap();
    bytes.splice(at..at + 3, *b"h\x13a");
    assert_eq!(rows(&bytes), Err(PickleError::NotNumbers));
}

#[test]
fn a_file_of_objects_gives_rows() {
    use crate::data::{Content, DataError, read_content};
    use crate::world::Memory;
    use ndarray_npy::npy::header::{Header, Layout};
    use std::path::Path;
    let (world, path) = (Memory::default(), Path::new("locations.npy"));
    let header = Header { type_descriptor: "'|O'".parse().unwrap(), layout: Layout::Standard, shape: vec![2] };
    let file = |pickle: &[&[u8]]| [header.to_bytes().unwrap(), pickle.concat()].concat();
    world.put(path, file(ARRAYS_5));
    assert_eq!(read_content(&world, path).unwrap(), Content::Jagged(vec![vec![0.5], vec![-0.72, 0.8]]));
    world.put(path, file(SYSTEM_4));
    assert!(matches!(read_content(&world, path), Err(DataError::Objects { .. })));
}
