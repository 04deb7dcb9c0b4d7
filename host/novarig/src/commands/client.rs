//! What an OpenStack client has to know of a cloud that `novarig serve` serves: as shell variables, or as a `clouds.yaml`.

use crate::cli::ClientArguments;
use crate::output::print;

/// The region of every endpoint in the catalogue.
const REGION: &str = "RegionOne";

/// Prints shell variables: `eval "$(novarig env)"`.
pub(crate) fn env(arguments: &ClientArguments) -> anyhow::Result<bool> {
    let auth_url = auth_url(arguments);
    let variables = [
        ("OS_AUTH_URL", auth_url.as_str()),
        ("OS_USERNAME", &arguments.user),
        ("OS_PASSWORD", &arguments.password),
        ("OS_PROJECT_NAME", &arguments.project),
        ("OS_USER_DOMAIN_NAME", "Default"),
        ("OS_PROJECT_DOMAIN_NAME", "Default"),
        ("OS_REGION_NAME", REGION),
        ("OS_IDENTITY_API_VERSION", "3"),
    ];
    for (name, value) in variables {
        print(&format!("export {name}={}\n", quoted(value)));
    }
    Ok(true)
}

/// Prints a `clouds.yaml` with one cloud, `novarig`.
pub(crate) fn clouds_yaml(arguments: &ClientArguments) -> anyhow::Result<bool> {
    // A JSON text is a YAML text too.
    let text = |text: &str| serde_json::Value::from(text).to_string();
    print(&format!(
        "clouds:\n  novarig:\n    auth:\n      auth_url: {}\n      username: {}\n      password: {}\n      project_name: \
         {}\n      user_domain_name: Default\n      project_domain_name: Default\n    region_name: {REGION}\n    \
         identity_api_version: 3\n",
        text(&auth_url(arguments)),
        text(&arguments.user),
        text(&arguments.password),
        text(&arguments.project),
    ));
    Ok(true)
}

fn auth_url(arguments: &ClientArguments) -> String {
    format!("{}/identity/v3", arguments.url.trim_end_matches('/'))
}

/// A text as a shell takes it literally.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("http://127.0.0.1:8774/identity/v3"), "http://127.0.0.1:8774/identity/v3");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
