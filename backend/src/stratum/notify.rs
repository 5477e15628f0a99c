//! `mining.notify` as a line. All connections share most of it: a work's text is made once, and each connection puts
//! its own job's name, the end of its owner's coinbase and whether to drop older jobs into it.

use crate::{ledger::Template, mining::Job};
use qoin_core::{address::Address, header::HEADER_VERSION};
use qoin_miner::job::reverse_words;
use std::sync::{Arc, Mutex};

/// The newest work's text.
#[derive(Default)]
pub(super) struct NotifyTexts(Mutex<Option<(u64, Arc<Text>)>>);

/// What stands before and behind the coinbase's second half.
struct Text {
    before: String,
    after: String,
}

impl NotifyTexts {
    /// Appends the line that gives out a job to a miner of `owner`.
    pub fn push_line(&self, job: &Job, owner: Option<Address>, out: &mut Vec<u8>) {
        let text = self.text(job);
        let (_, end) = job.work.template.coinbase(owner, [0; 8]).split();
        let clean = if job.clean { "true" } else { "false" };
        let id = job.id.to_string();
        for part in [r#"{"id":null,"method":"mining.notify","params":[""#, &id, &text.before, &hex::encode(end)] {
            out.extend_from_slice(part.as_bytes());
        }
        for part in [text.after.as_str(), clean, "]}\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }

    fn text(&self, job: &Job) -> Arc<Text> {
        let mut newest = self.0.lock().expect("nothing panics while it makes a text");
        match &*newest {
            Some((id, text)) if *id == job.work.id => text.clone(),
            _ => {
                let text = Arc::new(Text::new(&job.work.template));
                *newest = Some((job.work.id, text.clone()));
                text
            }
        }
    }
}

impl Text {
    fn new(template: &Template) -> Self {
        // The first half names the height alone, so it is the same for every owner.
        let (start, _) = template.coinbase(None, [0; 8]).split();
        let previous = hex::encode(reverse_words(template.previous.to_bytes()));
        let branch: Vec<_> =
            template.branch.iter().map(|node| format!("\"{}\"", hex::encode(node.to_bytes()))).collect();
        Self {
            before: format!(r#"","{previous}","{}",""#, hex::encode(start)),
            after: format!(
                r#"",[{}],"{HEADER_VERSION:08x}","{:08x}","{:08x}","#,
                branch.join(","),
                template.bits.0,
                template.time()
            ),
        }
    }
}
