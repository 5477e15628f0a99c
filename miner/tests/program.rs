//! The real program: its exit codes and what it says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

fn miner(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qoin-miner"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Starts an anonymous miner against a server here and answers until it asks to be authorised.
fn connected_miner(more: &[&str]) -> (Child, BufReader<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let arguments = ["--server", &address, "--owner", "anonymous", "--threads", "1"];
    let child = miner(&[&arguments, more].concat()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stream = BufReader::new(listener.accept().unwrap().0);
    assert!(next_line(&mut stream).contains("mining.subscribe"));
    say(&mut stream, r#"{"id":1,"result":[[],"00000001",4],"error":null}"#);
    assert!(next_line(&mut stream).contains("mining.authorize"));
    (child, stream)
}

fn next_line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    line
}

fn say(stream: &mut BufReader<TcpStream>, line: &str) {
    writeln!(stream.get_mut(), "{line}").unwrap();
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_refusal_is_told_and_exits_with_2() {
    let (child, mut stream) = connected_miner(&[]);
    say(&mut stream, r#"{"id":2,"result":null,"error":[24,"no such owner",null]}"#);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("no such owner (code 24)"), "{}", errors(&output));
}

/// Authorises the miner and gives it work of which the first share, and with it the certainty that it works, comes at
/// once.
fn give_work(stream: &mut BufReader<TcpStream>) {
    say(stream, r#"{"id":2,"result":true,"error":null}"#);
    assert!(next_line(stream).contains("mining.extranonce.subscribe"));
    say(stream, r#"{"id":null,"method":"mining.set_difficulty","params":[1e-9]}"#);
    let zeros = "00".repeat(32);
    say(
        stream,
        &format!(
            r#"{{"id":null,"method":"mining.notify","params":["7","{zeros}","00","00",[],"20000000","1d00ffff","6553f100",true]}}"#
        ),
    );
    assert!(next_line(stream).contains("mining.submit"));
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_signal_stops_a_working_miner_within_a_second_with_0() {
    for name in ["-INT", "-TERM"] {
        let (child, mut stream) = connected_miner(&[]);
        give_work(&mut stream);
        let begun = Instant::now();
        signal(&child, name);
        // The rest of its shares, until it closes the connection.
        let _ = stream.read_to_end(&mut Vec::new());
        let output = child.wait_with_output().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        let log = errors(&output);
        for line in ["connected to 127.0.0.1:", "authorised as anonymous", "kernel", "stopped"] {
            assert!(log.contains(line), "{line:?} is not in {log}");
        }
        assert_eq!(output.stdout, b"", "lines are for standard error");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_idle_miner_costs_next_to_nothing() {
    let (child, mut stream) = connected_miner(&["--kernel", "portable"]);
    give_work(&mut stream);
    say(&mut stream, r#"{"id":null,"method":"qoin.idle","params":[]}"#);
    // It sleeps once nothing more comes for a while; what is still on its way comes before.
    stream.get_mut().set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    while stream.read_line(&mut String::new()).is_ok_and(|length| length > 0) {}
    let before = processor_time(&child);
    let begun = Instant::now();
    // The time of a silence is what is measured here.
    assert!(stream.read_line(&mut String::new()).is_err());
    stream.get_mut().set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    assert!(stream.read_line(&mut String::new()).is_err());
    let (used, passed) = (processor_time(&child) - before, begun.elapsed());
    assert!(used <= passed / 100, "{used:?} of {passed:?}");
    signal(&child, "-INT");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}

/// The processor time that the process has used, from /proc; the clock's grain is a hundredth of a second.
#[cfg(target_os = "linux")]
fn processor_time(child: &Child) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let fields: Vec<&str> = text.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

#[cfg(unix)]
#[test]
fn json_lines_and_the_status_door_tell_what_happens() {
    let (mut child, mut stream) =
        connected_miner(&["--json", "--kernel", "portable", "--status-address", "127.0.0.1:0"]);
    give_work(&mut stream);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| {
        let line = line.unwrap();
        serde_json::from_str::<serde_json::Value>(&line).unwrap_or_else(|_| panic!("not JSON: {line}"))
    });
    let mut address = None;
    for line in lines {
        let message = line["message"].as_str().unwrap_or_default().to_owned();
        if let Some((_, at)) = message.split_once("status at http://") {
            address = Some(at.to_owned());
        }
        if message.contains("authorised as anonymous") {
            break;
        }
    }
    let mut door = TcpStream::connect(address.unwrap()).unwrap();
    write!(door, "GET / HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
    let mut answer = String::new();
    door.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(r#""kernel":"portable""#) && answer.contains(r#""shares_accepted":0"#), "{answer}");
    signal(&child, "-INT");
    let _ = stream.read_to_end(&mut Vec::new());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_bench_names_every_kernel_beside_plain_hashing() {
    let output = miner(&["bench", "--seconds", "0.2", "--json"]).stdout(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let rows: Vec<serde_json::Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named =
        |name: &str| rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}: {rows:?}"));
    assert!(named("sha2")["value"].as_f64().unwrap() > 0.0);
    assert!(named("portable")["ratio"].as_f64().unwrap() > 0.0);
    assert_eq!(miner(&["bench", "--count", "1000", "--kernel", "portable"]).output().unwrap().status.code(), Some(0));
    assert_eq!(miner(&["bench", "--count", "1000", "--kernel", "abacus"]).output().unwrap().status.code(), Some(1));
}

#[test]
fn a_faulty_configuration_is_told_and_exits_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("miner.conf");
    std::fs::write(&path, "server = '127.0.0.1:3333'\nowner = 7\n").unwrap();
    let path = path.to_str().unwrap();
    let output = miner(&["-c", path]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).starts_with(&format!("{path}:2:9: owner is a text")), "{}", errors(&output));

    let output = miner(&["--check-config", "-c", path]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    std::fs::write(path, "server = ['127.0.0.1:3333', 'b:1']\nowner = 'anonymous'\n").unwrap();
    let output = miner(&["--check-config", "-c", path]).stdout(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "the configuration is right: anonymous mines at 127.0.0.1:3333, b:1\n");

    let output = miner(&["--nonsense"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(miner(&["--help"]).output().unwrap().status.code(), Some(0));
}
