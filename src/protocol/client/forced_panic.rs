//! A fault on command.

/// Panics if a test has made a body that says so.
pub(super) fn panic_if_asked(body: &[u8]) {
    assert!(body != b"panic", "a test has asked for it");
}
