//! The picture that somebody sends of themselves (`#picture`, ACC-07): in comes an attachment, out goes a small picture made
//! anew from its pixels, so that nothing else of the file is kept: no place, no camera, no hidden content. Only mail of a
//! proved sender is looked at, and what a file may take of memory and time is limited before it is decoded.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::Read;
use super::command::{self, Verb};
use super::extract::Line;
use super::files::{LeftOut, Reason};
use super::names::safe_name;
use super::parse::Attachment;
use crate::actions::documents::File;
use crate::blobs::sha256;
use crate::language::sentence;

/// A file of this size or more is refused.
const BYTES: usize = 2 << 20;
/// Width and height at most.
const SIDE: u32 = 6_000;
/// Pixels at most.
const PIXELS: u64 = 25_000_000;
/// Bytes of memory at most while it is decoded.
const MEMORY: u64 = 160 << 20;
/// Width and height of what is kept, at most.
const KEPT_SIDE: u32 = 512;
const JPEG_QUALITY: u8 = 85;

/// Why no picture was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPicture {
    /// There is none.
    Missing,
    /// There is more than one.
    Several,
    /// The file is too large.
    TooLarge,
    /// It has too many pixels.
    TooManyPixels,
    /// It is no GIF, JPEG or PNG.
    OtherType,
    /// It can't be decoded.
    Broken,
}

/// True if the mail asks for its picture to be taken.
pub fn is_asked_for(read: &Read) -> bool {
    // A subject commands in mails that answer nothing (commands.md c2).
    let is_new = read.mail.in_reply_to.is_empty() && read.mail.references.is_empty();
    let subject = [Line { text: read.mail.subject.clone(), wrapped: false }];
    !read.extract.ambiguous
        && (command::says(&read.extract.lines, Verb::Picture) || (is_new && command::says(&subject, Verb::Picture)))
}

/// Makes the picture anew that a mail asks to take, in the place of the attachment; to be called before its files are put on
/// disk, and only for mail of a proved sender.
pub fn prepare(read: &mut Read) {
    if !is_asked_for(read) || read.picture.is_some() {
        return;
    }
    let picture = match chosen(read) {
        // A bug in a decoder is one picture's trouble.
        Ok(place) => catch_unwind(AssertUnwindSafe(|| taken(read, place))).unwrap_or(Err(NoPicture::Broken)),
        Err(why) => Err(why),
    };
    if picture.is_err() {
        // Whatever came with it was meant as the picture: it is told of, and not filed.
        for (_, file) in std::mem::take(&mut read.files) {
            let why = sentence!("it came with #picture. To file it, send it without that line.");
            read.left_out.push(LeftOut { name: file.name, why: why.into(), reason: Reason::Policy });
        }
    }
    read.picture = Some(picture);
}

/// The one attachment that is meant: a picture, and of several the one that is no part of a signature.
fn chosen(read: &Read) -> Result<usize, NoPicture> {
    let all: Vec<usize> = places(read, |_, part| is_picture(part));
    let filed: Vec<usize> = places(read, |place, part| is_picture(part) && read.files.iter().any(|(p, _)| *p == place));
    let others =
        || read.files.iter().any(|(place, _)| read.mail.attachments.get(*place).is_some_and(|a| !is_picture(a)));
    match (filed.as_slice(), all.as_slice()) {
        ([one], _) | ([], [one]) => Ok(*one),
        ([], []) if others() => Err(NoPicture::OtherType),
        ([], []) => Err(NoPicture::Missing),
        _ => Err(NoPicture::Several),
    }
}

fn places(read: &Read, is_meant: impl Fn(usize, &Attachment) -> bool) -> Vec<usize> {
    read.mail.attachments.iter().enumerate().filter(|(place, part)| is_meant(*place, part)).map(|(p, _)| p).collect()
}

fn is_picture(part: &Attachment) -> bool {
    part.mime.starts_with("image/") || infer::is_image(&part.bytes)
}

fn taken(read: &mut Read, place: usize) -> Result<(usize, File), NoPicture> {
    // Whatever comes of it, it is no document.
    read.files.retain(|(p, _)| *p != place);
    let part = read.mail.attachments.get_mut(place).ok_or(NoPicture::Missing)?;
    let name = safe_name(&part.name);
    read.left_out.retain(|left| left.name != name);
    let (bytes, mime) = small(&part.bytes)?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let file = File { name: "picture".to_owned(), mime: mime.to_owned(), sha256: sha256(&bytes), size };
    part.sha256.clone_from(&file.sha256);
    part.bytes = bytes;
    // Among the files it is put on disk with them.
    read.files.push((place, file.clone()));
    Ok((place, file))
}

/// The picture from its pixels alone, upright and at most `KEPT_SIDE` wide and high, and its type.
pub fn small(bytes: &[u8]) -> Result<(Vec<u8>, &'static str), NoPicture> {
    if bytes.len() >= BYTES {
        return Err(NoPicture::TooLarge);
    }
    let format = image::guess_format(bytes).map_err(|_| NoPicture::OtherType)?;
    if !matches!(format, ImageFormat::Gif | ImageFormat::Jpeg | ImageFormat::Png) {
        return Err(NoPicture::OtherType);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height, limits.max_alloc) = (Some(SIDE), Some(SIDE), Some(MEMORY));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(why)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width).saturating_mul(u64::from(height)) > PIXELS {
        return Err(NoPicture::TooManyPixels);
    }
    let orientation = decoder.orientation().map_err(why)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(why)?;
    if width > KEPT_SIDE || height > KEPT_SIDE {
        picture = picture.thumbnail(KEPT_SIDE, KEPT_SIDE);
    }
    picture.apply_orientation(orientation);
    let mut made = Cursor::new(Vec::new());
    if format == ImageFormat::Jpeg {
        let encoder = JpegEncoder::new_with_quality(&mut made, JPEG_QUALITY);
        picture.to_rgb8().write_with_encoder(encoder).map_err(why)?;
        return Ok((made.into_inner(), "image/jpeg"));
    }
    picture.to_rgba8().write_to(&mut made, ImageFormat::Png).map_err(why)?;
    Ok((made.into_inner(), "image/png"))
}

fn why(error: ImageError) -> NoPicture {
    match error {
        ImageError::Limits(_) => NoPicture::TooManyPixels,
        ImageError::Unsupported(_) => NoPicture::OtherType,
        _ => NoPicture::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    fn encoded(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
        let mut made = Cursor::new(Vec::new());
        match format {
            ImageFormat::Jpeg => RgbImage::from_pixel(width, height, Rgb([200, 10, 10])).write_to(&mut made, format),
            _ => RgbaImage::from_pixel(width, height, Rgba([200, 10, 10, 255])).write_to(&mut made, format),
        }
        .unwrap();
        made.into_inner()
    }

    fn size(bytes: &[u8]) -> (u32, u32) {
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().unwrap().into_dimensions().unwrap()
    }

    #[test]
    fn gif_jpeg_and_png_are_made_anew_and_small() {
        for (format, mime) in
            [(ImageFormat::Gif, "image/png"), (ImageFormat::Jpeg, "image/jpeg"), (ImageFormat::Png, "image/png")]
        {
            let (made, kind) = small(&encoded(format, 800, 400)).unwrap();
            assert_eq!((kind, size(&made)), (mime, (512, 256)), "{format:?}");
            let (made, _) = small(&encoded(format, 20, 40)).unwrap();
            assert_eq!(size(&made), (20, 40), "a small one keeps its size");
        }
    }

    /// A JPEG whose EXIF says that it lies on its side, and where it was taken.
    fn with_exif() -> Vec<u8> {
        let plain = encoded(ImageFormat::Jpeg, 40, 20);
        let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        tiff.extend(b"51.5074 N 0.1278 W");
        let mut segment = b"Exif\0\0".to_vec();
        segment.extend(tiff);
        let length = u16::try_from(segment.len() + 2).unwrap().to_be_bytes();
        [&plain[..2], b"\xff\xe1", &length, &segment, &plain[2..]].concat()
    }

    #[test]
    fn acc_07_what_a_camera_wrote_into_a_picture_is_gone_and_the_picture_stands_upright() {
        let sent = with_exif();
        assert!(sent.windows(4).any(|w| w == b"Exif") && sent.windows(7).any(|w| w == b"51.5074"));
        let (made, _) = small(&sent).unwrap();
        assert!(!made.windows(4).any(|w| w == b"Exif") && !made.windows(7).any(|w| w == b"51.5074"));
        assert_eq!(size(&made), (20, 40));
    }

    #[test]
    fn acc_07_what_is_no_picture_too_large_or_a_bomb_is_refused_before_it_is_decoded() {
        assert_eq!(small(b"%PDF-1.7 hello"), Err(NoPicture::OtherType));
        assert_eq!(small(b"RIFF\0\0\0\0WEBPVP8 "), Err(NoPicture::OtherType));
        assert_eq!(small(&vec![0xff; BYTES]), Err(NoPicture::TooLarge));
        let cut = encoded(ImageFormat::Png, 30, 30);
        assert_eq!(small(&cut[..cut.len() / 2]), Err(NoPicture::Broken));
        // A header that promises a picture of a hundred million pixels, with nothing behind it.
        let mut bomb = encoded(ImageFormat::Png, 1, 1);
        bomb[16..24].copy_from_slice(&[0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10]);
        let sum = crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(small(&bomb), Err(NoPicture::TooManyPixels));
        bomb[16..24].copy_from_slice(&[0, 0, 0x17, 0x70, 0, 0, 0x17, 0x70]);
        let sum = crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(small(&bomb), Err(NoPicture::TooManyPixels), "36 million within the sides");
    }

    fn crc(bytes: &[u8]) -> u32 {
        let mut sum = u32::MAX;
        for byte in bytes {
            sum ^= u32::from(*byte);
            for _ in 0..8 {
                sum = if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
            }
        }
        !sum
    }
}
