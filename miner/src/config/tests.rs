//! What the file and the flags may say, and what each mistake is answered with.

use super::*;
use clap::{CommandFactory, Parser};

const EXAMPLE: &str = include_str!("../../../etc/miner.conf.example");

fn settle(text: &str) -> Result<Settings, ConfigError> {
    Values::from_toml("miner.conf", text)?.settle()
}

#[test]
fn a_whole_file_is_understood() {
    let text = r#"
        server = "stratum+tcp://leader.example.org:3333"
        owner = "ada@example.org"
        worker = "attic"
        service_key = "0123456789abcdef"
        threads = 3
        kernel = "portable"
        cpu_priority = 5
        duty = 40
        pause_on_battery = false
        pause_while_used = true
        status_address = "127.0.0.1:3380"
    "#;
    let settings = settle(text).unwrap();
    assert_eq!(settings.servers, ["leader.example.org:3333"]);
    assert_eq!(settings.user, "ada@example.org.attic");
    assert_eq!(settings.service_key.reveal(), "0123456789abcdef");
    assert_eq!(settings.pace, Pace { threads: 3, duty_percent: 40, niceness: 5 });
    assert_eq!(settings.kernel.map(|kernel| kernel.name), Some("portable"));
    assert_eq!((settings.pause_on_battery, settings.pause_while_used), (false, true));
    assert_eq!(settings.status_address, Some("127.0.0.1:3380".parse().unwrap()));
}

#[test]
fn an_anonymous_miner_needs_no_more_than_a_server() {
    let settings = settle("server = '[::1]:3333'\nowner = 'anonymous'\n").unwrap();
    assert_eq!((settings.user.as_str(), settings.service_key.reveal()), ("anonymous", ""));
    assert!(settings.pace.threads >= 1 && settings.pace.duty_percent == 100);
    assert_eq!((settings.kernel.is_none(), settings.status_address), (true, None));
    assert_eq!((settings.pause_on_battery, settings.pause_while_used), (true, false));
}

#[test]
fn several_servers_stand_in_their_order() {
    let expected = ["a:1", "b:2", "c:3"];
    let listed = settle("server = ['a:1', 'stratum+tcp://b:2', 'c:3']\nowner = 'anonymous'").unwrap();
    assert_eq!(listed.servers, expected);
    let flags = "qoin-miner --server a:1 --server b:2 --server c:3 --owner anonymous";
    let settings = Settings::from_arguments(Arguments::try_parse_from(flags.split(' ')).unwrap()).unwrap();
    assert_eq!(settings.servers, expected);
}

#[test]
fn flags_replace_what_the_file_says_and_do_without_one() {
    let arguments = |line: &str| Arguments::try_parse_from(line.split(' ')).unwrap();
    let mut values = Values::from_toml("miner.conf", "server = 'a:1'\nowner = 'anonymous'\nthreads = 9").unwrap();
    values.fields.extend(arguments("qoin-miner --server b:2 --threads 2").fields());
    let settings = values.settle().unwrap();
    assert_eq!((settings.servers, settings.pace.threads), (vec!["b:2".to_owned()], 2));

    let all = "qoin-miner --server b:2 --owner ada@example.org --worker w --service-key 01234567 --threads 2";
    let settings = Settings::from_arguments(arguments(all)).unwrap();
    assert_eq!((settings.user.as_str(), settings.service_key.reveal()), ("ada@example.org.w", "01234567"));

    let error = Settings::from_arguments(arguments("qoin-miner --owner anonymous")).unwrap_err().to_string();
    assert!(error.starts_with("the command line: server is missing\n") && error.contains("--server"), "{error}");
    let error = Settings::from_arguments(arguments("qoin-miner --server b --owner anonymous")).unwrap_err();
    assert!(error.to_string().starts_with("--server: server: there is no port"), "{error}");
}

#[test]
fn every_mistake_is_named_with_its_place_and_the_way_to_mend_it() {
    let key = "server = 'a:1'\nowner = 'ada@example.org'\n";
    let anonymous = "server = 'a:1'\nowner = 'anonymous'\n";
    for (text, place, problem, mend) in [
        ("server = 'a:1'\n  servr = 'b'", "2:3", "no field \"servr\"", "server, owner, worker"),
        (
            "server = 3333",
            "1:10",
            "server is a text in quotes, or a list of texts, not integer",
            "server = \"127.0.0.1:3333\"",
        ),
        ("server = ['a:1', 3]", "1:10", "a list of texts, not array", "127.0.0.1:3333"),
        ("server = []", "1:10", "1 to 16 servers, not 0", "127.0.0.1:3333"),
        ("server = ['a:1', 'b']", "1:10", "no port in \"b\"", "127.0.0.1:3333"),
        ("server = 'a'", "1:10", "no port", "127.0.0.1:3333"),
        ("server = ':1'", "1:10", "no host", "127.0.0.1:3333"),
        ("server = 'a:0'", "1:10", "\"0\" is not a port", "127.0.0.1:3333"),
        ("server = 'a:1'\n", "2:1", "owner is missing", "owner = \"anonymous\", or give --owner"),
        ("owner = 'anonymous'", "1:20", "server is missing", "or give --server"),
        (key, "3:1", "service_key is missing, which the owner \"ada@example.org\" needs", "--service-key"),
        (&format!("{key}service_key = 'change-me'"), "3:15", "placeholder", "env:QOIN_SERVICE_KEY"),
        (&format!("{key}service_key = 'env:QOIN_NO_SUCH'"), "3:15", "environment variable", "env:QOIN_SERVICE_KEY"),
        (&format!("{key}service_key = 7"), "3:15", "not integer", "env:QOIN_SERVICE_KEY"),
        ("server = 'a:1'\nowner = ''", "2:9", "1 to 254", "anonymous"),
        ("server = 'a:1'\nowner = 'a b'", "2:9", "a space", "anonymous"),
        ("server = 'a:1'\nowner = 'anonymous'\nworker = 'a.b'", "3:10", "letters, digits", "attic"),
        ("server = 'a:1'\nowner = 'anonymous'\nthreads = 0", "3:11", "1 to 1024", "threads = 2"),
        (&format!("{anonymous}kernel = 'abacus'"), "3:10", "no kernel \"abacus\", only fastest, portable", "avx2"),
        (&format!("{anonymous}duty = 0"), "3:8", "1 to 100 percent, not 0", "duty = 100"),
        (&format!("{anonymous}duty = 101"), "3:8", "1 to 100 percent, not 101", "duty = 100"),
        (&format!("{anonymous}cpu_priority = 20"), "3:16", "0 to 19, not 20", "cpu_priority = 10"),
        (&format!("{anonymous}status_address = '3380'"), "3:18", "not an IP address", "127.0.0.1:3380"),
        ("pause_on_battery = 'no'", "1:20", "is true or false, not string", "pause_on_battery = true"),
        ("pause_while_used = 1", "1:20", "is true or false, not integer", "pause_while_used = false"),
        ("threads = '2'", "1:11", "threads is a whole number, not string", "threads = 2"),
        ("threads = 99999999999999999999", "1:11", "of this size", "threads = 2"),
        ("server = 'a:1'\nserver = 'b:1'", "2:1", "duplicate", "NAME = VALUE"),
        ("server = a:1", "1:10", "", "texts in quotes"),
    ] {
        let error = settle(text).unwrap_err();
        assert_eq!(error.place, format!("miner.conf:{place}"), "{text:?}: {error}");
        assert!(error.problem.contains(problem), "{text:?}: {error}");
        assert!(error.mend.contains(mend), "{text:?}: {error}");
    }
}

#[test]
fn no_secret_is_shown() {
    let text = "server = 'a:1'\nowner = 'ada@example.org'\nservice_key = '0123456789abcdef'\n";
    assert!(!format!("{:?}", settle(text).unwrap()).contains("0123"));
}

#[test]
fn an_absent_file_is_named() {
    let arguments = Arguments { config: Some("/nonexistent/miner.conf".into()), ..Arguments::default() };
    let error = Settings::from_arguments(arguments).unwrap_err().to_string();
    assert!(
        error.starts_with("/nonexistent/miner.conf: cannot read") && error.contains("miner.conf.example"),
        "{error}"
    );
}

#[test]
fn the_example_works_and_shows_every_field_as_declared() {
    let settings = settle(EXAMPLE).unwrap();
    assert_eq!((settings.servers, settings.user.as_str()), (vec!["127.0.0.1:3333".to_owned()], "anonymous"));
    for field in &FIELDS {
        let line = field.line();
        let shown = EXAMPLE.lines().any(|shown| shown == line || shown == format!("# {line}"));
        assert!(shown, "etc/miner.conf.example lacks the line {line}");
        assert!(EXAMPLE.contains(field.meaning), "etc/miner.conf.example lacks the meaning of {}", field.name);
    }
}

#[test]
fn every_field_has_its_flag() {
    let command = Arguments::command();
    for field in &FIELDS {
        let flag = field.name.replace('_', "-");
        assert!(command.get_arguments().any(|argument| argument.get_long() == Some(flag.as_str())), "{flag}");
    }
}
