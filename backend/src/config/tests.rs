use super::*;
use std::path::PathBuf;

const SERVER: &str = r#"data = "data"
owner = "admin@example.org"
api_listen = "127.0.0.1:0"
stratum_listen = "127.0.0.1:0"
miners = 1
secret_key = "000102030405060708090a0b0c0d0e0f"
rpyc_listen = "127.0.0.1:0"
"#;

fn read<C: Configuration>(text: &str, overrides: &[(&str, &str)]) -> Result<C, ConfigError> {
    let overrides = overrides
        .iter()
        .map(|(name, text)| Override { name: (*name).into(), text: (*text).into(), flag: format!("--set {name}") })
        .collect();
    C::of(Source::of_text(Path::new("etc/a.conf"), text.to_owned(), overrides))
}

fn faults(text: &str) -> Vec<String> {
    match read::<ServerConfig>(text, &[]) {
        Ok(_) => Vec::new(),
        Err(error) => error.to_string().lines().map(str::to_owned).collect(),
    }
}

/// The one fault of a file: its place and a word of its text and of its mend.
#[track_caller]
fn one_fault(text: &str, place: &str, what: &str, mend: &str) {
    let faults = faults(text);
    let [fault] = &faults[..] else { panic!("expected one fault: {faults:#?}") };
    assert!(fault.starts_with(&format!("etc/a.conf:{place}: ")), "{fault}");
    let (found, mended) = fault.split_once("; ").expect("a fault ends with its mend");
    assert!(found.contains(what), "{fault}");
    assert!(mended.contains(mend), "{fault}");
}

#[test]
fn a_whole_file_with_defaults() {
    let config: ServerConfig = read(SERVER, &[]).unwrap();
    assert_eq!(config.host.data, PathBuf::from("etc/data"));
    assert_eq!(config.host.api_listen.port(), 0);
    assert_eq!(config.currency.currency_symbol, "Q");
    assert_eq!(config.currency.genesis_amount, 1_000_000);
    assert!(config.currency_given.is_empty());
}

#[test]
fn each_kind_of_fault_has_its_place_and_mend() {
    one_fault(&SERVER.replace("miners = 1\n", ""), "1:1", "miners: is missing", "miners = 1");
    one_fault(
        &format!("{SERVER}[settings]\nsesion_hours = 3\n"),
        "9:1",
        "\"sesion_hours\"",
        "did you mean session_hours?",
    );
    one_fault(&format!("api_lisen = 1\n{SERVER}"), "1:1", "\"api_lisen\"", "did you mean api_listen?");
    one_fault(&format!("{SERVER}session_hours = 3\n"), "8:1", "\"session_hours\"", "stands under [settings]");
    one_fault(&SERVER.replace("miners = 1", "miners = \"one\""), "5:10", "whole number", "from 0 to 1024");
    one_fault(&SERVER.replace("miners = 1", "miners = -1"), "5:10", "-1", "from 0 to 1024");
    one_fault(&SERVER.replace("miners = 1", "miners =   9999"), "5:12", "out of bounds", "from 0 to 1024");
    one_fault(&SERVER.replace("\"127.0.0.1:0\"\ns", "\"localhost\"\ns"), "3:14", "address", "127.0.0.1:5002");
    one_fault(&SERVER.replace("admin@example.org", "admin"), "2:9", "name@host", "owner = ");
    one_fault(&format!("{SERVER}[settings]\nlog_format = \"xml\"\n"), "9:14", "xml", "log_format = \"text\"");
    one_fault(&format!("{SERVER}[settings]\ntrusted_proxies = [\"proxy\"]\n"), "9:19", "proxy", "trusted_proxies = [");
    one_fault(&format!("{SERVER}[settings]\ncurrency_name = \"\"\n"), "9:17", "empty", "currency_name");
    one_fault(&format!("{SERVER}miners = 2\n"), "8:1", "duplicate", "TOML");
}

#[test]
fn a_placeholder_is_refused_with_the_way_to_make_a_secret() {
    let text = SERVER.replace("000102030405060708090a0b0c0d0e0f", "replace-me");
    one_fault(&text, "6:14", "placeholder", "openssl rand -hex 16");
    let text = SERVER.replace("000102030405060708090a0b0c0d0e0f", "5bb1f3");
    one_fault(&text, "6:14", "fewer than 32", "openssl rand -hex 16");
    let text = SERVER.replace("000102030405060708090a0b0c0d0e0f", "env:QOIN_NOT_THERE");
    one_fault(&text, "6:14", "QOIN_NOT_THERE", "openssl rand -hex 16");
    assert!(!faults(&SERVER.replace("0d0e0f", "0d0e0g")).join("").contains("0d0e0g"), "a secret shows in the fault");
}

#[test]
fn all_faults_are_told_at_once() {
    let text = SERVER.replace("miners = 1\n", "").replace("admin@example.org", "admin");
    assert_eq!(faults(&text).len(), 2);
}

#[test]
fn the_command_line_stands_over_the_file() {
    let text = format!("{SERVER}[settings]\nblock_interval_s = 60\n");
    let config: ServerConfig =
        read(&text, &[("block_interval_s", "2"), ("currency_name", "Acorn"), ("currency_symbol", "5")]).unwrap();
    assert_eq!(config.currency.block_interval_s, 2);
    assert_eq!((&*config.currency.currency_name, &*config.currency.currency_symbol), ("Acorn", "5"));
    assert_eq!(config.currency_given.len(), 3);
    let error = read::<ServerConfig>(SERVER, &[("block_interval", "2")]).unwrap_err().to_string();
    assert!(error.starts_with("--set block_interval: "), "{error}");
    assert!(error.ends_with("did you mean block_interval_s?"), "{error}");
    let error = read::<RunConfig>("", &[("block_interval_s", "soon")]).unwrap_err().to_string();
    assert!(error.starts_with("--set block_interval_s: block_interval_s: expected a whole number"), "{error}");
}

#[test]
fn every_default_and_example_reads_as_its_own_type() {
    read::<RunConfig>("", &[]).unwrap();
    for example in [example::example::<ServerConfig>(), example::example::<WebsiteConfig>()] {
        let secret = "000102030405060708090a0b0c0d0e0f";
        let text = example.replace("replace-me", secret);
        // Every default stands in the file as well: read it with the marks of comments taken away.
        let uncommented: String = text.lines().map(|line| uncomment(line) + "\n").collect();
        for text in [text, uncommented] {
            if text.contains("api_listen") {
                read::<ServerConfig>(&text, &[]).unwrap();
            } else {
                read::<WebsiteConfig>(&text, &[]).unwrap();
            }
        }
    }
}

/// Takes the `# ` from in front of a setting.
fn uncomment(line: &str) -> String {
    let setting =
        line.strip_prefix("# ").filter(|rest| rest.split(" = ").next().is_some_and(|name| !name.contains(' ')));
    setting.filter(|rest| rest.contains(" = ")).unwrap_or(line).to_owned()
}

#[test]
fn the_example_files_say_what_is_declared() {
    let etc = Path::new(env!("CARGO_MANIFEST_DIR")).join("../etc");
    for (name, expected) in [
        ("server.conf.example", example::example::<ServerConfig>()),
        ("website.conf.example", example::example::<WebsiteConfig>()),
    ] {
        let path = etc.join(name);
        if std::env::var_os("QOIN_WRITE_EXAMPLES").is_some() {
            std::fs::write(&path, &expected).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == expected,
            "etc/{name} differs from the declarations: run this test with QOIN_WRITE_EXAMPLES=1"
        );
    }
}

#[test]
fn an_example_as_it_is_has_one_fault_the_placeholder() {
    let text = example::example::<ServerConfig>();
    let line = text.lines().position(|line| line.starts_with("secret_key")).unwrap() + 1;
    one_fault(&text, &format!("{line}:14"), "placeholder", "openssl rand -hex 16");
}

#[test]
fn a_file_is_checked_as_what_most_of_its_fields_are() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        check_file(&path)
    };
    let secret = |text: &str, last: &str| text.replace("replace-me", &format!("000102030405060708090a0b0c0d0e{last}"));
    let server = check("a.conf", &secret(&example::example::<ServerConfig>(), "0f")).unwrap();
    let website = check("b.conf", &secret(&example::example::<WebsiteConfig>(), "0f")).unwrap();
    let other = check("c.conf", &secret(&example::example::<WebsiteConfig>(), "10")).unwrap();
    let miner = include_str!("../../../etc/miner.conf.example");
    let commands = [&server, &website, &check("d.conf", miner).unwrap()].map(Checked::command);
    assert_eq!(commands, ["qoin server", "qoin website", "qoin-miner"]);
    assert!(server.shares_secret(&website) && website.shares_secret(&server));
    assert!(!server.shares_secret(&other) && !website.shares_secret(&website));
    let fault = check("e.conf", &miner.replace("owner =", "ownr =")).unwrap_err().to_string();
    assert!(fault.contains("e.conf:9:1: there is no field \"ownr\""), "{fault}");
    let fault = check("f.conf", &format!("{miner}service_key = \"your-key\"\n")).unwrap_err().to_string();
    assert!(fault.contains("placeholder") && fault.contains("env:QOIN_SERVICE_KEY"), "{fault}");
}
