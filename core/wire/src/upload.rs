//! Binary upload frames (djust `uploads/__init__.py`): one byte kind, 16 bytes UUID, then the payload.

/// What an upload frame carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadPart {
    /// Part of the file.
    Chunk {
        /// Number of the chunk, from 0 (big-endian on the wire).
        index: u32,
        /// Number of bytes of the file in it.
        length: usize,
    },
    /// The file is complete.
    Complete,
    /// The browser gave up.
    Cancel,
}

/// The head of a binary upload frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadFrame {
    /// UUID of the upload, in lower-case hexadecimal with dashes, as in `upload_register`.
    pub reference: String,
    /// What it carries.
    pub part: UploadPart,
}

impl UploadFrame {
    /// Reads the head; none if `bytes` is no upload frame.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (&kind, rest) = bytes.split_first()?;
        let (uuid, payload) = rest.split_at_checked(16)?;
        let part = match kind {
            1 => {
                let (index, data) = payload.split_first_chunk::<4>()?;
                UploadPart::Chunk {
                    index: u32::from_be_bytes(*index),
                    length: data.len(),
                }
            }
            2 => UploadPart::Complete,
            3 => UploadPart::Cancel,
            _ => return None,
        };
        Some(Self {
            reference: dashed(uuid),
            part,
        })
    }
}

fn dashed(uuid: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in uuid.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_upload_frames() {
        let mut chunk = vec![1];
        chunk.extend(0..16u8);
        chunk.extend([0, 0, 1, 2, b'x', b'y']);
        assert_eq!(
            UploadFrame::parse(&chunk),
            Some(UploadFrame {
                reference: "00010203-0405-0607-0809-0a0b0c0d0e0f".to_owned(),
                part: UploadPart::Chunk {
                    index: 258,
                    length: 2
                },
            })
        );
        chunk[0] = 2;
        assert_eq!(
            UploadFrame::parse(&chunk[..17]).map(|frame| frame.part),
            Some(UploadPart::Complete)
        );
        assert_eq!(UploadFrame::parse(&chunk[..16]), None);
        chunk[0] = 9;
        assert_eq!(UploadFrame::parse(&chunk), None);
        assert_eq!(UploadFrame::parse(&[]), None);
    }
}
