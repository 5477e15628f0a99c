//! The real programs together: what must hold whatever the network, the power or a stranger does.

mod backup;
mod chains;
mod confirming;
mod disk_full;
mod documentation;
mod exactly_once;
mod git_hook;
mod hosts;
mod kept_data;
mod logs;
mod mining;
mod read_only;
mod refusals;
mod setup;
mod units;
mod verifying;
mod website;

use anyhow::Result;
use qoin_tests::{Leader, Member, Miner, member::units, wait};

/// A currency with two members, of whom Ada has a confirmed 100. No miner is running.
struct Town {
    leader: Leader,
    administrator: Member,
    ada: Member,
    bob: Member,
}

impl Town {
    async fn found() -> Result<Self> {
        let leader = Leader::start()?;
        let administrator = leader.administrator().await?;
        let ada = administrator.invite("Ada", "a long and good password").await?;
        let bob = administrator.invite("Bob", "another long password").await?;
        administrator.credit(ada.address, units("100")).await?;
        let town = Self { leader, administrator, ada, bob };
        town.seal_everything().await?;
        Ok(town)
    }

    /// Has a miner of its own seal all that waits, and stops it again.
    async fn seal_everything(&self) -> Result<()> {
        let mut miner = Miner::anonymous(self.leader.stratum())?;
        for member in [&self.administrator, &self.ada, &self.bob] {
            wait::until("every movement in a block", async || {
                let movements = member.history().await?;
                Ok(movements.iter().all(|movement| movement.block.is_some()).then_some(()))
            })
            .await?;
        }
        miner.stop()
    }

    /// All that the members' own doors tell, to see that nothing changed.
    async fn snapshot(&self) -> Result<String> {
        let mut text = serde_json::to_string(&self.administrator.supply().await?)?;
        for member in [&self.ada, &self.bob] {
            text.push_str(&serde_json::to_string(&member.account().await?)?);
            text.push_str(&serde_json::to_string(&member.history().await?)?);
        }
        Ok(text)
    }

    /// Balances, with what is on its way, add up to all that was ever made.
    async fn assert_money_is_conserved(&self) -> Result<()> {
        let supply = self.administrator.supply().await?;
        let held = supply.system.checked_add(supply.members);
        assert_eq!(supply.issued.checked_sub(supply.burned), held, "{supply:?}");
        let (ada, bob) = (self.ada.account().await?, self.bob.account().await?);
        let theirs = ada.balance.checked_add(bob.balance);
        assert_eq!(theirs, Some(supply.members), "Ada and Bob are the only members with money");
        Ok(())
    }
}
