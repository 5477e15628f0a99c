//! Pushes rewarded by the example of a git hook: a real repository, real pushes, a real leader.

use anyhow::{Context, Result, ensure};
use qoin_core::{
    amount::Amount,
    api::services::{
        DeclareService, DeclaredService, SERVICE_BUDGET_PATH, SERVICE_PATH, SERVICES_PATH, ServiceDeclared,
        ServiceRole, ServicesPage, SetBudget,
    },
};
use qoin_tests::{Leader, Member, api::answer, member::units};
use reqwest::Method;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

const HOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../etc/hooks/post-receive.example");
const STRANGER: &str = "stranger@example.org";

/// A bare repository with the hook, and a clone of it.
struct Repository {
    folder: TempDir,
}

impl Repository {
    fn found(leader: &str, key: &str) -> Result<Self> {
        let repository = Self { folder: TempDir::new()? };
        let (bare, key_file) = (repository.bare(), repository.folder.path().join("qwinner.key"));
        run(Command::new("git").args(["init", "--quiet", "--bare", "--initial-branch=main"]).arg(&bare))?;
        fs::copy(HOOK, bare.join("hooks/post-receive"))?;
        fs::set_permissions(bare.join("hooks/post-receive"), fs::Permissions::from_mode(0o755))?;
        fs::write(&key_file, format!("{key}\n"))?;
        let key_file = key_file.to_str().context("a temporary folder's name is text")?;
        for (name, value) in [("url", leader), ("keyFile", key_file), ("unitsMax", "5")] {
            run(git(&bare).args(["config", &format!("qoin.{name}"), value]))?;
        }
        run(Command::new("git").args(["clone", "--quiet"]).arg(&bare).arg(repository.work()))?;
        run(git(&repository.work()).args(["checkout", "--quiet", "-b", "main"]))?;
        Ok(repository)
    }

    fn bare(&self) -> PathBuf {
        self.folder.path().join("project.git")
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Commits files with so many lines each; gives the commit's name.
    fn commit(&self, author: &str, subject: &str, files: &[(String, usize)]) -> Result<String> {
        for (name, lines) in files {
            fs::write(self.work().join(name), format!("{subject}\n").repeat(*lines))?;
        }
        run(git(&self.work()).args(["add", "."]))?;
        let name = ["-c", "user.name=Someone", "-c"];
        let email = format!("user.email={author}");
        run(git(&self.work()).args(name).arg(email).args(["commit", "--quiet", "-m", subject]))?;
        Ok(run(git(&self.work()).args(["rev-parse", "HEAD"]))?.0.trim().to_owned())
    }

    /// Pushes to a branch; what the hook said.
    fn push(&self, branch: &str) -> Result<String> {
        Ok(run(git(&self.work()).args(["push", "--quiet", "origin", &format!("HEAD:{branch}")]))?.1)
    }

    /// Calls the hook by hand, as for a new branch with this commit.
    fn hook(&self, commit: &str) -> Result<String> {
        let line = format!("{} {commit} refs/heads/main\n", "0".repeat(40));
        fs::write(self.folder.path().join("line"), line)?;
        let input = fs::File::open(self.folder.path().join("line"))?;
        let mut hook = Command::new(self.bare().join("hooks/post-receive"));
        Ok(run(hook.current_dir(self.bare()).stdin(Stdio::from(input)))?.0)
    }
}

fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder);
    git
}

/// Runs a program without the settings of whoever runs the tests; its output and its errors.
fn run(command: &mut Command) -> Result<(String, String)> {
    let command = command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let Output { status, stdout, stderr } = command.output().with_context(|| format!("cannot run {command:?}"))?;
    let (stdout, stderr) = (String::from_utf8(stdout)?, String::from_utf8(stderr)?);
    ensure!(status.success(), "{command:?} ended with {status}:\n{stdout}{stderr}");
    Ok((stdout, stderr))
}

fn files(count: usize, lines: usize) -> Vec<(String, usize)> {
    (0..count).map(|number| (format!("{count}-{lines}-{number}.txt"), lines)).collect()
}

async fn set_budget(administrator: &Member, service: u64, before: &str, per_day: &str) -> Result<DeclaredService> {
    let path = SERVICE_BUDGET_PATH.replace("{id}", &service.to_string());
    let budget = SetBudget { per_day: units(per_day), before: units(before), reason: String::new() };
    Ok(answer(administrator.api.request(Method::PUT, &path).json(&budget)).await?.1)
}

/// What each has got; nobody mines.
async fn incoming(members: [&Member; 2]) -> Result<[Amount; 2]> {
    Ok([members[0].account().await?.incoming, members[1].account().await?.incoming])
}

#[tokio::test]
async fn a_push_is_rewarded_commit_by_commit_and_once() -> Result<()> {
    let mut leader = Leader::start()?;
    let administrator = leader.administrator().await?;
    let ada = administrator.invite("Ada", "a long and good password").await?;
    let bob = administrator.invite("Bob", "another long password").await?;
    let declared: ServiceDeclared = ada.api.post(SERVICES_PATH, &DeclareService { role: ServiceRole::Qwinner }).await?;
    let service = declared.service.id;
    let repository = Repository::found(leader.api().base(), &declared.key)?;

    // Nothing is given before an administrator says how much.
    let first = repository.commit(&ada.email, "Lay the ground", &files(2, 1))?;
    let said = repository.push("main")?;
    assert!(said.contains("not rewarded") && said.contains("budget_exceeded"), "{said}");
    assert_eq!(incoming([&ada, &bob]).await?, [Amount::ZERO; 2]);
    set_budget(&administrator, service, "0", "12").await?;
    let said = repository.hook(&first)?;
    assert!(said.contains(&format!("{} 3.00 Q for {}\n", &first[..10], ada.email)), "{said}");

    // Several at once: by lines, by someone unknown, capped, and above what is left.
    let lines = repository.commit(&bob.email, "Write a lot", &files(1, 101))?;
    let unknown = repository.commit(STRANGER, "Come and go", &files(1, 2))?;
    let capped = repository.commit(&ada.email, "Touch everything", &files(30, 1))?;
    let above = repository.commit(&bob.email, "Ask for too much", &files(1, 3))?;
    let said = repository.push("main")?;
    for (commit, what) in [
        (&lines, format!("3.00 Q for {}", bob.email)),
        (&unknown, format!("not rewarded: there is no member {STRANGER:?}")),
        (&capped, format!("5.00 Q for {}", ada.email)),
        (&above, "not rewarded: this is more than the 1.00 that are left".to_owned()),
    ] {
        assert!(said.contains(&format!("{} {what}", &commit[..10])), "{what}: {said}");
    }
    let paid = [units("8"), units("3")];
    assert_eq!(incoming([&ada, &bob]).await?, paid);
    let movements = ada.history().await?;
    let memo = format!("project {}: Touch everything", &capped[..10]);
    assert_eq!(movements[0].memo.as_ref().map(|memo| memo.text()), Some(memo.as_str()));
    assert_eq!(movements[0].party.as_ref().and_then(|party| party.name.as_deref()), Some("blockchain-master"));

    // The same again, by hand and by another branch, pays nothing.
    let said = repository.hook(&above)?;
    assert_eq!(said.matches(", as before").count(), 3, "{said}");
    assert_eq!(repository.push("copy")?, "");
    assert_eq!(incoming([&ada, &bob]).await?, paid);
    let listed: ServicesPage = ada.api.get(SERVICES_PATH).await?;
    assert_eq!(listed.services[0].budget.map(|budget| budget.spent_today), Some(units("11")));

    // Whatever is wrong, the push is done.
    ada.api.delete(&SERVICE_PATH.replace("{id}", &service.to_string())).await?;
    repository.commit(&ada.email, "Come too late", &files(1, 4))?;
    let said = repository.push("main")?;
    assert!(said.contains("not rewarded") && said.contains("revoked"), "{said}");
    leader.stop()?;
    let last = repository.commit(&ada.email, "Talk to nobody", &files(1, 5))?;
    let said = repository.push("main")?;
    assert!(said.contains("not rewarded") && said.contains("does not answer"), "{said}");
    assert_eq!(run(git(&repository.bare()).args(["rev-parse", "main"]))?.0.trim(), last);
    Ok(())
}
