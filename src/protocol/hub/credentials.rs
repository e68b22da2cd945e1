//! How a client authenticates.

use super::sas_token::{SasToken, SharedAccessKey};

/// What stands behind the password of CONNECT.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// Tokens are made from a key as they are needed.
    SharedAccessKey {
        /// The key.
        key: SharedAccessKey,
        /// The name of the key's policy, if it is not the device's own key.
        policy: Option<String>,
    },
    /// A token that was made elsewhere, and is replaced when the user has a new one.
    SasToken(SasToken),
    /// Tokens are asked for as they are needed.
    TokenFunction,
    /// A certificate in the TLS handshake; there is no password.
    X509,
}
