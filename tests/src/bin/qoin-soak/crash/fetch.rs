//! Reading log and chain through the leader's door, as anyone who checks it does.

use super::books::Books;
use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use qoin_core::api::blocks::{BLOCKS_PATH, BlockView, BlocksPage};
use qoin_core::api::transactions::{TRANSACTIONS_PATH, TransactionView};
use qoin_tests::{Api, Member};

/// How many records are asked for at a time.
const AT_ONCE: u64 = 16;

/// Adds everything to the books that the leader has beyond them.
pub async fn catch_up(member: &Member, books: &mut Books) -> Result<()> {
    let position = member.account().await?.position;
    let api = &member.api.over_kept_connections();
    let (records, blocks) = position.split_once('-').context("a position")?;
    let (records, blocks): (u64, u32) = (records.parse()?, blocks.parse()?);
    ensure!(
        records >= books.records() && blocks >= books.blocks(),
        "the leader has {records} records and {blocks} blocks, but had shown {} and {}",
        books.records(),
        books.blocks()
    );
    let mut newer = blocks_above(api, books.blocks(), blocks).await?.into_iter().peekable();
    while books.records() < records {
        let numbers = books.records()..records.min(books.records() + AT_ONCE);
        let asked = numbers
            .map(|number| async move { api.get::<TransactionView>(&format!("{TRANSACTIONS_PATH}/{number}")).await });
        for view in try_join_all(asked).await? {
            books.add_record(view.record)?;
            // What a block pays out can be spent by the records after it.
            while let Some(block) = newer.next_if(|block| block.first + u64::from(block.count) <= books.records()) {
                books.add_block(block)?;
            }
        }
    }
    newer.try_for_each(|block| books.add_block(block))
}

/// The blocks above one height up to another, oldest first.
async fn blocks_above(api: &Api, known: u32, height: u32) -> Result<Vec<BlockView>> {
    let mut blocks: Vec<BlockView> = Vec::new();
    let mut before = Some(height + 1);
    while let Some(next) = before.filter(|next| *next > known + 1) {
        let page: BlocksPage = api.get(&format!("{BLOCKS_PATH}?before={next}")).await?;
        blocks.extend(page.blocks.into_iter().filter(|block| block.height > known));
        before = page.next;
    }
    blocks.reverse();
    Ok(blocks)
}
