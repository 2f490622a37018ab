//! Signed and encrypted envelopes: their bytes come in, what is to be read of them comes out. Nothing is decrypted, and no
//! signature is checked or trusted: whose mail it is says its DKIM signature alone (threats.md T66).

const SEQUENCE: u8 = 0x30;
const OBJECT_ID: u8 = 0x06;
const EXPLICIT: u8 = 0xa0;
const OCTETS: u8 = 0x04;
const OCTETS_IN_PIECES: u8 = 0x24;
/// PKCS #7 signedData, envelopedData, encryptedData; authEnvelopedData of RFC 5083.
const SIGNED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const ENVELOPED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
const ENCRYPTED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06];
const AUTHENTICATED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17];

const PGP_MESSAGE: &str = "-----BEGIN PGP MESSAGE-----";
const PGP_SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const PGP_SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";

/// What an S/MIME envelope holds (RFC 8551).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A MIME part that somebody signed.
    Signed(Vec<u8>),
    /// What only its addressee can read.
    Encrypted,
}

/// Opens an S/MIME envelope; none if it is none, or broken.
pub fn open(bytes: &[u8]) -> Option<Content> {
    let (mut info, _) = Input(bytes).element(SEQUENCE)?;
    let kind = info.take_element(OBJECT_ID)?;
    if [ENVELOPED, ENCRYPTED, AUTHENTICATED].contains(&kind.0) {
        return Some(Content::Encrypted);
    }
    if kind.0 != SIGNED {
        return None;
    }
    let mut signed = info.take_element(EXPLICIT)?.take_element(SEQUENCE)?;
    // The version and the digest algorithms.
    signed.skip()?;
    signed.skip()?;
    let mut content = signed.take_element(SEQUENCE)?;
    content.take_element(OBJECT_ID)?;
    let mut octets = content.take_element(EXPLICIT)?;
    if let Some((whole, _)) = octets.element(OCTETS) {
        return Some(Content::Signed(whole.0.to_vec()));
    }
    let mut pieces = octets.take_element(OCTETS_IN_PIECES)?;
    let mut joined = Vec::new();
    while let Some(piece) = pieces.take_element(OCTETS) {
        joined.extend_from_slice(piece.0);
    }
    Some(Content::Signed(joined))
}

/// BER that is still to be read.
#[derive(Clone, Copy)]
struct Input<'b>(&'b [u8]);

impl<'b> Input<'b> {
    /// The content of the element of this tag that stands here, and what follows; without a length it reaches to the end.
    fn element(self, tag: u8) -> Option<(Input<'b>, Input<'b>)> {
        let (first, rest) = self.0.split_first()?;
        if *first != tag {
            return None;
        }
        let (length, rest) = rest.split_first()?;
        let count = usize::from(length & 0x7f);
        let (length, rest) = match length {
            0x80 => return Some((Input(rest), Input(&[]))),
            0x81..=0x88 => {
                let (digits, rest) = rest.split_at_checked(count)?;
                (digits.iter().try_fold(0usize, |n, d| n.checked_mul(256)?.checked_add(usize::from(*d)))?, rest)
            }
            0x89.. => return None,
            _ => (count, rest),
        };
        // What is cut off is read as far as it goes.
        let (content, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        Some((Input(content), Input(after)))
    }

    fn take_element(&mut self, tag: u8) -> Option<Input<'b>> {
        let (content, after) = self.element(tag)?;
        self.0 = after.0;
        Some(content)
    }

    fn skip(&mut self) -> Option<()> {
        let tag = *self.0.first()?;
        self.take_element(tag).map(|_| ())
    }
}

/// How OpenPGP stands in a text (RFC 9580).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Armour {
    /// All of it is encrypted.
    Encrypted,
    /// It is signed; this is what stands between the lines of the signature.
    Signed(String),
}

/// Tells whether a text is an OpenPGP message; none for every other text.
pub fn armour(text: &str) -> Option<Armour> {
    let text = text.trim_start();
    if text.starts_with(PGP_MESSAGE) {
        return Some(Armour::Encrypted);
    }
    let signed = text.strip_prefix(PGP_SIGNED)?;
    let body = signed.lines().skip(1).skip_while(|l| !l.trim().is_empty()).skip(1);
    let mut out = String::new();
    let mut below = false;
    for line in body {
        match (below, line.trim_end()) {
            (false, PGP_SIGNATURE) => below = true,
            (true, "-----END PGP SIGNATURE-----") => below = false,
            (true, _) => {}
            (false, _) => {
                out.push_str(line.strip_prefix("- ").unwrap_or(line));
                out.push('\n');
            }
        }
    }
    Some(Armour::Signed(out))
}

/// An opaque signature around this part, with lengths or without.
#[cfg(test)]
pub(super) fn sample(part: &[u8], in_pieces: bool) -> Vec<u8> {
    let wrapped = |tag: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        match in_pieces && tag != OBJECT_ID && tag != OCTETS {
            true => [&[tag, 0x80][..], content, &[0, 0]].concat(),
            false => [&[tag, 0x82][..], &length, content].concat(),
        }
    };
    let content = match in_pieces {
        true => wrapped(OCTETS_IN_PIECES, &part.chunks(10).flat_map(|c| wrapped(OCTETS, c)).collect::<Vec<_>>()),
        false => wrapped(OCTETS, part),
    };
    let data = [wrapped(OBJECT_ID, &SIGNED[..8]), wrapped(EXPLICIT, &content)].concat();
    let signed = [&[2, 1, 1, 0x31, 0][..], &wrapped(SEQUENCE, &data)].concat();
    let outer = [wrapped(OBJECT_ID, SIGNED), wrapped(EXPLICIT, &wrapped(SEQUENCE, &signed))].concat();
    wrapped(SEQUENCE, &outer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PART: &[u8] = b"Content-Type: text/plain\r\n\r\n#time 1h Drafted brief\r\n";

    #[test]
    fn an_opaque_signature_gives_the_part_it_signs() {
        for in_pieces in [false, true] {
            assert_eq!(open(&sample(PART, in_pieces)), Some(Content::Signed(PART.to_vec())), "{in_pieces}");
        }
    }

    #[test]
    fn t66_what_is_encrypted_stays_closed() {
        let envelope = [&[0x30, 0x80, 0x06, 0x09][..], ENVELOPED, &[0xa0, 0x80]].concat();
        assert_eq!(open(&envelope), Some(Content::Encrypted));
        assert_eq!(armour("\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n"), Some(Armour::Encrypted));
    }

    #[test]
    fn what_is_no_envelope_is_none() {
        for bytes in [&b""[..], b"%PDF-1.7", &[0x30, 0x80], &[0x30, 0x03, 0x06, 0x01, 0x2a], &[0x30, 0xff, 1, 2]] {
            assert_eq!(open(bytes), None);
        }
        assert_eq!(armour("I write -----BEGIN PGP MESSAGE-----"), None);
    }

    #[test]
    fn a_signed_text_is_read_without_its_signature() {
        let text = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n#done T-1\n- -- \nJane\n-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n";
        assert_eq!(armour(text), Some(Armour::Signed("#done T-1\n-- \nJane\n".into())));
    }

    proptest! {
        #[test]
        fn any_envelope_is_opened_or_refused(at in 0usize..120, byte in any::<u8>(), in_pieces in any::<bool>(), noise in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut envelope = sample(PART, in_pieces);
            let place = at % envelope.len();
            envelope[place] = byte;
            let _ = open(&envelope);
            let _ = open(&envelope[..place]);
            let _ = open(&noise);
        }
    }
}
