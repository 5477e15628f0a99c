//! Frames that no client sends: the connection ends, the leader answers others as before and keeps its memory.

use crate::random::Random;
use anyhow::{Context, Result, ensure};
use flate2::{Compression, write::ZlibEncoder};
use qoin::rpyc::brine::Value;
use qoin_tests::rpyc::{Client, all, by_value, handle};
use qoin_tests::{Leader, process::resident_bytes};
use std::io::Write;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How many connections send at once.
const SENDERS: u64 = 8;
/// How soon a client that means well has to be answered meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long what a leader answers to nonsense is listened to, at most.
const LISTEN: Duration = Duration::from_secs(10);
/// How much the leader's memory may grow.
const GROWTH_MAX: u64 = 128 << 20;

/// For how long.
#[derive(clap::Args)]
pub struct Options {
    /// How many seconds frames are sent.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
    /// The seed, as a run before printed it.
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
}

/// Sends malformed frames to a leader, and looks at it meanwhile and after.
///
/// # Errors
/// What it did not keep.
pub async fn run(options: &Options) -> Result<()> {
    let seed = options.seed.unwrap_or_else(|| u64::from_be_bytes(qoin_tests::member::random()) >> 16);
    let again = || format!("to be tried again with --seed {seed}");
    let leader = Leader::start()?;
    let address = leader.rpyc().to_owned();
    is_well(&address).await?;
    let memory = resident_bytes(leader.id())?;
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let mut random = Random::new(seed);
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..SENDERS {
        senders.spawn(send(address.clone(), random.fork(), end));
    }
    let mut looks = 0;
    while Instant::now() < end {
        is_well(&address).await.with_context(again)?;
        looks += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (mut frames, mut answers) = (0, 0);
    while let Some(sent) = senders.join_next().await {
        let sent = sent?.with_context(again)?;
        frames += sent.frames;
        answers += sent.answers;
    }
    is_well(&address).await.with_context(again)?;
    let grown = resident_bytes(leader.id())?.saturating_sub(memory);
    ensure!(grown < GROWTH_MAX, "the leader's memory grew by {} MiB; {}", grown >> 20, again());
    println!(
        "{frames} malformed frames in {} s (seed {seed}), {answers} of them answered with an exception; the leader answered \
         well {looks} times meanwhile; its memory grew by {} MiB",
        options.seconds,
        grown >> 20
    );
    Ok(())
}

/// What was sent.
#[derive(Default)]
struct Sent {
    frames: u64,
    answers: u64,
}

/// Whether a client that means well is answered.
async fn is_well(address: &str) -> Result<()> {
    let asked = async {
        let mut client = Client::connect(address).await?;
        let root = Client::object(&client.ask(handle::GET_ROOT, Vec::new()).await?)?;
        let arguments = by_value(Value::Tuple(vec![Value::str("no token")]));
        let name = by_value(Value::str("get_balance"));
        let nothing = by_value(Value::Tuple(Vec::new()));
        client.ask(handle::CALL_ATTRIBUTE, vec![root, name, arguments, nothing]).await
    };
    timeout(PATIENCE, asked).await.context("the leader does not answer")??;
    Ok(())
}

async fn send(address: String, mut random: Random, end: Instant) -> Result<Sent> {
    let mut sent = Sent::default();
    while Instant::now() < end {
        let mut stream = TcpStream::connect(&address).await.context("the leader takes no connection")?;
        for _ in 0..random.within(1..5) {
            let bytes = malformed(&mut random);
            sent.frames += 1;
            if stream.write_all(&bytes).await.is_err() {
                break;
            }
        }
        // The leader may have gone already; else it will, now that nothing more comes.
        let _gone = stream.shutdown().await;
        let mut answer = Vec::new();
        let read = timeout(LISTEN, stream.take(1 << 20).read_to_end(&mut answer)).await;
        ensure!(read.is_ok(), "a connection on which nothing more can come was kept");
        sent.answers += u64::from(!answer.is_empty());
    }
    Ok(sent)
}

/// Bytes that are hardly what any client sends.
fn malformed(random: &mut Random) -> Vec<u8> {
    match random.within(0..9) {
        0 => bytes(random, 2_000),
        1 => {
            let content = bytes(random, 500);
            frame(&content, u8::from(random.one_in(3)))
        }
        2 => {
            let mut whole = frame(&request(random), 0);
            whole.truncate(usize::try_from(random.within(0..whole.len() as u64)).expect("it fits"));
            whole
        }
        3 => {
            let mut long =
                u32::MAX.wrapping_shr(u32::try_from(random.within(0..14)).expect("it fits")).to_be_bytes().to_vec();
            long.push(0);
            long.extend(bytes(random, 200));
            long
        }
        4 => frame(&[&[1][..], &vec![*random.pick(&[0x10, 0x11, 0x12, 0x19, 0x1a, 0x08]); 10_000]].concat(), 0),
        5 => {
            let size = random.within(1..8) << 20;
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            let block =
                vec![u8::try_from(random.within(0..256)).expect("it fits"); usize::try_from(size).expect("it fits")];
            encoder.write_all(&block).expect("a vector takes all");
            frame(&encoder.finish().expect("a vector takes all"), 1)
        }
        6 => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&request(random)).expect("a vector takes all");
            let mut compressed = encoder.finish().expect("a vector takes all");
            flip(random, &mut compressed);
            frame(&compressed, 1)
        }
        7 => frame(&request(random), 0),
        _ => {
            let mut content = request(random);
            flip(random, &mut content);
            frame(&content, 0)
        }
    }
}

/// A request with arguments that need not fit it.
fn request(random: &mut Random) -> Vec<u8> {
    let arguments = (0..random.within(0..5)).map(|_| boxed(random, 4)).collect();
    let number = |random: &mut Random| i64::try_from(random.within(0..25)).expect("it fits");
    let content = Value::Tuple(vec![Value::Int(number(random)), all(arguments)]);
    let (kind, message) = (Value::Int(number(random) % 4), Value::Int(number(random)));
    let mut frame = Vec::new();
    if random.one_in(2) {
        Value::Tuple(vec![kind, message, content]).encode(&mut frame);
    } else {
        frame.push(*random.pick(&[1, 1, 1, 2, 3, 9]));
        Value::Tuple(vec![message, content]).encode(&mut frame);
    }
    frame
}

fn boxed(random: &mut Random, depth: u64) -> Value {
    let pack = |random: &mut Random| {
        Value::Tuple(vec![
            Value::str("builtins.dict"),
            Value::Int(4),
            Value::Int(i64::try_from(random.within(0..4)).expect("it fits")),
        ])
    };
    match random.within(0..6) {
        0 if depth > 0 => all((0..random.within(0..4)).map(|_| boxed(random, depth - 1)).collect()),
        1 | 2 => Value::Tuple(vec![Value::Int(3), pack(random)]),
        3 => Value::Tuple(vec![Value::Int(4), pack(random)]),
        _ => by_value(value(random, depth)),
    }
}

fn value(random: &mut Random, depth: u64) -> Value {
    match random.within(0..9) {
        0 => {
            Value::str(*random.pick(&["get_balance", "__getitem__", "__class__", "keys", "", "transaction", "__eq__"]))
        }
        1 => Value::Int(random.next_u64().cast_signed()),
        2 => Value::Float(f64::from_bits(random.next_u64())),
        3 => Value::Bytes(bytes(random, 100)),
        4 => Value::BigInt("9".repeat(usize::try_from(random.within(20..4_000)).expect("it fits"))),
        5 => Value::Slice(Box::new([Value::None, Value::Int(i64::MIN), Value::Int(-1)])),
        6 | 7 if depth > 0 => Value::Tuple((0..random.within(0..5)).map(|_| value(random, depth - 1)).collect()),
        _ => Value::None,
    }
}

fn flip(random: &mut Random, bytes: &mut [u8]) {
    for _ in 0..random.within(1..6) {
        if !bytes.is_empty() {
            let index = usize::try_from(random.within(0..bytes.len() as u64)).expect("it fits");
            bytes[index] ^= 1 << random.within(0..8);
        }
    }
}

fn frame(content: &[u8], compressed: u8) -> Vec<u8> {
    let mut frame = u32::try_from(content.len()).expect("a frame is short").to_be_bytes().to_vec();
    frame.push(compressed);
    frame.extend(content);
    frame.push(b'\n');
    frame
}

fn bytes(random: &mut Random, most: u64) -> Vec<u8> {
    (0..random.within(0..most)).map(|_| u8::try_from(random.within(0..256)).expect("it fits")).collect()
}
