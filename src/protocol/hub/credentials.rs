//! How a client authenticates.

use super::sas_token::{SasToken, SharedAccessKey};

/// The source of the password in CONNECT.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A key, from which the client creates tokens when it needs them.
    SharedAccessKey {
        /// The key.
        key: SharedAccessKey,
        /// The name of the key's policy, if it is not the device's own key.
        policy: Option<String>,
    },
    /// A token that was created elsewhere, until the user replaces it.
    SasToken(SasToken),
    /// Tokens that the client requests from the user when it needs them.
    TokenFunction,
    /// A certificate in the TLS handshake; there is no password.
    X509,
}
