//! The bytes of a picture come in; whether it is no bigger than a logo or a banner comes out. It reads dimensions, never pixels.

/// How big a picture may be.
pub(super) struct Bound {
    bytes: usize,
    width: u32,
    height: u32,
}

/// A logo amid new text.
pub(super) const LOGO: Bound = Bound { bytes: 40 * 1024, width: 500, height: 150 };
/// A banner below a signature; people also paste photographs there.
pub(super) const BANNER: Bound = Bound { bytes: 120 * 1024, width: 800, height: 300 };

/// Whether the picture is within `bound`; one of unknown size counts by its bytes.
pub(super) fn is_within(bytes: &[u8], bound: &Bound) -> bool {
    match dimensions(bytes) {
        Some((width, height)) => bytes.len() <= bound.bytes && width <= bound.width && height <= bound.height,
        None => bytes.len() <= bound.bytes / 8,
    }
}

/// Width and height in pixels of a PNG, GIF or JPEG.
fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        let number = |at: usize| bytes.get(at..)?.first_chunk::<4>().map(|b| u32::from_be_bytes(*b));
        return Some((number(16)?, number(20)?));
    }
    if bytes.starts_with(b"GIF8") {
        let number = |at: usize| bytes.get(at..)?.first_chunk::<2>().map(|b| u32::from(u16::from_le_bytes(*b)));
        return Some((number(6)?, number(8)?));
    }
    bytes.starts_with(&[0xff, 0xd8]).then(|| jpeg(bytes)).flatten()
}

/// Walks the segments up to the frame header (ITU T.81, B.2.2).
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.get(2..)?;
    for _ in 0..1000 {
        let [0xff, marker, high, low, ..] = rest else { return None };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let frame = matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if frame {
            let [_, _, _, _, _, h1, h2, w1, w2, ..] = rest else { return None };
            return Some((u32::from(u16::from_be_bytes([*w1, *w2])), u32::from(u16::from_be_bytes([*h1, *h2]))));
        }
        rest = rest.get(length.saturating_add(2)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &width.to_be_bytes(), &height.to_be_bytes()].concat()
    }

    #[test]
    fn a_small_picture_is_a_logo_and_a_photograph_is_none() {
        assert!(is_within(&png(120, 60), &LOGO));
        assert!(!is_within(&png(3000, 2000), &LOGO));
        assert!(is_within(&png(700, 200), &BANNER) && !is_within(&png(700, 200), &LOGO));
    }

    #[test]
    fn the_size_of_each_format_is_read() {
        assert_eq!(dimensions(&png(7, 9)), Some((7, 9)));
        assert_eq!(dimensions(b"GIF89a\x05\0\x06\0"), Some((5, 6)));
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8, 0, 3, 0, 4, 1];
        assert_eq!(dimensions(&jpeg), Some((4, 3)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = is_within(&bytes, &LOGO);
            let _ = is_within(&[&[0xff, 0xd8][..], &bytes].concat(), &LOGO);
        }
    }
}
