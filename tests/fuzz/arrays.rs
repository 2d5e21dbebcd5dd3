//! Arrays, archives and pickles as others write them, damaged.

use super::mutate::{Dice, cut, flip, repeat};
use ksr::data::{npy_bytes, read_content, read_layout, read_npy, read_npz};
use ksr::world::Memory;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;

pub fn corpus() -> Vec<Vec<u8>> {
    let array = |shape: &[usize]| {
        let data: Vec<f64> = (0..shape.iter().product::<usize>()).map(|k| k as f64 / 3.0).collect();
        npy_bytes(Path::new("a.npy"), shape, &data).expect("bytes")
    };
    let plain = [array(&[5]), array(&[2, 3]), array(&[])];
    let header = |text: &str| {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.bytes());
        bytes.extend([0; 64]);
        bytes
    };
    let mut all: Vec<Vec<u8>> = plain.to_vec();
    for descr in ["<f8", ">f8", "<f4", "<f2", "|b1", "<i8", ">i2", "|u1", "<c16", "|S3", "<U2", "|O"] {
        all.push(header(&format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (2, 3), }}\n")));
    }
    // A pickle of a list and a dictionary, in the oldest and a newer protocol.
    all.push(b"(lp0\nI1\naF2.5\naS'three'\na.".to_vec());
    all.push(
        b"\x80\x04\x95\x15\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94K\x01\x8c\x01b\x94]\x94(K\x02K\x03eu."
            .to_vec(),
    );
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in [("a.npy", &plain[0]), ("b.npy", &plain[1])] {
            archive.start_file(name, SimpleFileOptions::default().compression_method(method)).expect("a member");
            archive.write_all(bytes).expect("written");
        }
        all.push(archive.finish().expect("an archive").into_inner());
    }
    all
}

pub fn mutated(dice: &mut Dice, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = dice.of(corpus).clone();
    for _ in 0..1 + dice.below(5) {
        match dice.below(6) {
            0 => cut(dice, &mut bytes),
            1 => repeat(dice, &mut bytes),
            2 => {
                let at = dice.below(bytes.len() + 1);
                bytes.truncate(at);
            }
            _ => flip(dice, &mut bytes),
        }
    }
    bytes
}

pub fn read(input: &[u8]) {
    let world = Memory::default();
    for name in ["x.npy", "x.npz", "set/energies.npy", "set/densities.npy", "set/locations.npy"] {
        world.put(name, input.to_vec());
    }
    let _ = read_npy(&world, Path::new("x.npy"));
    let _ = read_content(&world, Path::new("x.npy"));
    let _ = read_npz(&world, Path::new("x.npz"));
    let _ = read_layout(&world, Path::new("set"));
}
