//! The real program: its exit codes and what it says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
};

fn miner(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qoin-miner"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Starts an anonymous miner against a server here and answers until it asks to be authorised.
fn connected_miner() -> (Child, BufReader<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let arguments = ["--server", &address, "--owner", "anonymous", "--threads", "1"];
    let child = miner(&arguments).spawn().unwrap();
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
    let (child, mut stream) = connected_miner();
    say(&mut stream, r#"{"id":2,"result":null,"error":[24,"no such owner",null]}"#);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("no such owner (code 24)"), "{}", errors(&output));
}

#[cfg(unix)]
#[test]
fn a_signal_stops_a_working_miner_with_0() {
    for signal in ["-INT", "-TERM"] {
        let (child, mut stream) = connected_miner();
        say(&mut stream, r#"{"id":2,"result":true,"error":null}"#);
        assert!(next_line(&mut stream).contains("mining.extranonce.subscribe"));
        // So easy that the first share, and with it the certainty that the miner works, comes at once.
        say(&mut stream, r#"{"id":null,"method":"mining.set_difficulty","params":[1e-9]}"#);
        let zeros = "00".repeat(32);
        say(
            &mut stream,
            &format!(
                r#"{{"id":null,"method":"mining.notify","params":["7","{zeros}","00","00",[],"20000000","1d00ffff","6553f100",true]}}"#
            ),
        );
        assert!(next_line(&mut stream).contains("mining.submit"));
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        // The rest of its shares, until it closes the connection.
        let _ = stream.read_to_end(&mut Vec::new());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        let log = errors(&output);
        for line in ["connected to 127.0.0.1:", "authorised as anonymous", "stopped"] {
            assert!(log.contains(line), "{line:?} is not in {log}");
        }
    }
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

    let output = miner(&["--nonsense"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(miner(&["--help"]).output().unwrap().status.code(), Some(0));
}
