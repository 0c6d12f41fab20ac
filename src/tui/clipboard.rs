//! Copying by OSC 52: the terminal itself takes the text, so it works over SSH. Send it with
//! [`super::paint::Painter::send_along`].

/// The most that is copied, in bytes; several terminals drop longer sequences whole.
pub const MAX: usize = 48 * 1024;

/// The sequence that puts a text into the clipboard; `None` when it is too long.
pub fn copy(text: &str) -> Option<Vec<u8>> {
    if text.len() > MAX {
        return None;
    }
    let mut out = b"\x1b]52;c;".to_vec();
    out.extend(base64(text.as_bytes()));
    out.extend_from_slice(b"\x1b\\");
    Some(out)
}

/// Base64 with padding (RFC 4648 §4).
fn base64(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = (bits >> (18 - 6 * i) & 63) as usize;
            out.push(if i <= chunk.len() {
                DIGITS.get(digit).copied().unwrap_or(b'=')
            } else {
                b'='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_rfc() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded.as_bytes());
        }
        assert_eq!(base64(&[0xff, 0xfb]), b"//s=");
    }

    #[test]
    fn a_text_is_wrapped_or_refused() {
        assert_eq!(copy("foo").unwrap(), b"\x1b]52;c;Zm9v\x1b\\");
        assert_eq!(copy(&"x".repeat(MAX + 1)), None);
    }
}
