use super::*;

fn config(arguments: &[&str]) -> Config {
    let arguments = ["medschedule"].iter().chain(arguments).map(OsString::from);
    Config::from_arguments(arguments).expect("flags are valid")
}

#[test]
fn only_loopback_is_open_without_a_token() {
    for open in ["127.0.0.1:0", "127.8.8.8:1", "[::1]:0", "[::ffff:127.0.0.1]:0"] {
        assert!(config(&["--listen", open]).token().expect("loopback is open").is_none());
    }
    for closed in ["0.0.0.0:0", "[::]:0", "192.168.1.4:80", "[::ffff:10.0.0.1]:0"] {
        let error = config(&["--listen", closed]).token().expect_err("must be refused");
        assert!(matches!(error, ConfigError::Exposed(_)), "{error}");
    }
}

#[test]
fn servers_of_another_kind_are_refused_without_their_password() {
    for taken in [
        ["--database-url", "postgres://u@h/d"],
        ["--database-url", "postgresql://u@h/d"],
        ["--redis-url", "redis://h/0"],
        ["--redis-url", "unix:///run/redis.sock"],
    ] {
        config(&taken).check_servers().expect("taken");
    }
    for (flag, url, scheme) in [
        ("--database-url", "sqlite:///var/s3cret", "`sqlite:`"),
        ("--database-url", "mysql://root:s3cret@h/d", "`mysql:`"),
        ("--database-url", "s3cret", "`?:`"),
        ("--database-url", "root:s3cret@h://x", "`?:`"),
        ("--redis-url", "http://:s3cret@h", "`http:`"),
        ("--redis-url", "postgres://:s3cret@h", "`postgres:`"),
    ] {
        let error = config(&[flag, url]).check_servers().expect_err(url).to_string();
        assert!(error.contains(flag) && error.contains(scheme) && !error.contains("s3cret"), "{error}");
    }
}

#[test]
fn a_weak_or_missing_token_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("token");
    let path_text = path.to_str().expect("UTF-8");
    let read = || config(&["--listen", "0.0.0.0:0", "--token-file", path_text]).token();

    assert!(read().expect_err("missing").to_string().contains(path_text));
    for weak in ["", "short", "with a blank inside it", "şifre-şifre-şifre-şifre"] {
        std::fs::write(&path, weak).expect("writes");
        assert!(matches!(read(), Err(ConfigError::WeakToken { .. })), "{weak}");
    }
    std::fs::write(&path, "0123456789abcdef\n").expect("writes");
    let token = read().expect("strong enough").expect("configured");
    assert_eq!(token.expose(), "0123456789abcdef");
    assert_eq!(format!("{token:?}"), "Secret");
}
