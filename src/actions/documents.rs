//! Documents: uploaded by co-counsel into shared folders or the matter's drop folder, given new versions, never changed.

/// A file whose blob is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its safe name.
    pub name: String,
    /// Its type, as sniffed.
    pub mime: String,
    /// Blob.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}
