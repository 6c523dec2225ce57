//! Names that tell of secrets.

pub(crate) fn is_sensitive(name: &str) -> bool {
    let name = name.to_lowercase();
    ["password", "token", "tckn", "secret"].iter().any(|key| name.ends_with(key))
}
