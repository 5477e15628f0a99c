//! The commands of the root and their parameters, bound as Python binds arguments.

use super::brine::Value;
use super::exception::Exception;
use super::reference::Argument;
use std::fmt;

/// A command's name and the names of its parameters, all of which must be given.
#[derive(Debug)]
pub struct Signature {
    pub command: Command,
    pub name: &'static str,
    pub parameters: &'static [&'static str],
}

/// What the root can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    AuthenticateUser,
    Transaction,
    History,
    GetAccount,
    GetBalance,
    GetLastTrs,
    ListUsers,
    MasterCreateUser,
    MasterCredit,
    DeclareService,
    ServiceRefreshKey,
    GetServicesStatus,
    Register,
    AuthService,
}

const fn signature(command: Command, name: &'static str, parameters: &'static [&'static str]) -> Signature {
    Signature { command, name, parameters }
}

/// All commands.
pub static COMMANDS: [Signature; 14] = [
    signature(Command::AuthenticateUser, "authenticate_user", &["email", "passwd"]),
    signature(Command::Transaction, "transaction", &["token", "recipient_email", "amount"]),
    signature(Command::History, "history", &["token"]),
    signature(Command::GetAccount, "get_account", &["token"]),
    signature(Command::GetBalance, "get_balance", &["token"]),
    signature(Command::GetLastTrs, "get_last_trs", &["token", "ts"]),
    signature(Command::ListUsers, "list_users", &["token"]),
    signature(Command::MasterCreateUser, "master_create_user", &["priv", "name", "email", "passwd", "admin"]),
    signature(Command::MasterCredit, "master_credit", &["priv", "recipient_email", "amount"]),
    signature(Command::DeclareService, "declare_service", &["token", "role"]),
    signature(Command::ServiceRefreshKey, "service_refresh_key", &["token", "key"]),
    signature(Command::GetServicesStatus, "get_services_status", &["token"]),
    signature(Command::Register, "register", &["host", "port", "role"]),
    signature(Command::AuthService, "auth_service", &["token", "owner_email", "key"]),
];

/// The command of this name.
pub fn find(name: &str) -> Option<&'static Signature> {
    COMMANDS.iter().find(|command| command.name == name)
}

impl Signature {
    /// The arguments in the order of the parameters. `keywords` are pairs of a name and a value.
    ///
    /// # Errors
    /// A TypeError in Python's words when one is missing, not known, given twice, or too many.
    pub fn bind(
        &self,
        positional: Vec<Argument>,
        keywords: Vec<(String, Argument)>,
    ) -> Result<std::vec::IntoIter<Argument>, Exception> {
        let (name, parameters) = (self.name, self.parameters);
        if positional.len() > parameters.len() {
            // Python counts the object that the command belongs to.
            let (takes, given) = (parameters.len() + 1, positional.len() + 1);
            return Err(Exception::type_error(format!(
                "{name}() takes {takes} positional arguments but {given} were given"
            )));
        }
        let mut bound: Vec<Option<Argument>> = positional.into_iter().map(Some).collect();
        bound.resize(parameters.len(), None);
        for (keyword, argument) in keywords {
            let Some(index) = parameters.iter().position(|parameter| *parameter == keyword) else {
                return Err(Exception::type_error(format!("{name}() got an unexpected keyword argument '{keyword}'")));
            };
            if bound[index].replace(argument).is_some() {
                return Err(Exception::type_error(format!("{name}() got multiple values for argument '{keyword}'")));
            }
        }
        let missing: Vec<String> = parameters
            .iter()
            .zip(&bound)
            .filter(|(_, argument)| argument.is_none())
            .map(|(parameter, _)| format!("'{parameter}'"))
            .collect();
        if !missing.is_empty() {
            let (count, plural) = (missing.len(), if missing.len() == 1 { "" } else { "s" });
            return Err(Exception::type_error(format!(
                "{name}() missing {count} required positional argument{plural}: {}",
                listed(&missing)
            )));
        }
        Ok(bound.into_iter().flatten().collect::<Vec<_>>().into_iter())
    }
}

/// `a`, `a and b`, `a, b, and c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [firsts @ .., last] => format!("{}, and {last}", firsts.join(", ")),
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.parameters.join(", "))
    }
}

/// The keyword arguments out of the tuple of pairs that they come in.
///
/// # Errors
/// A TypeError when they are none.
pub fn keywords(argument: Argument) -> Result<Vec<(String, Argument)>, Exception> {
    let pair = |item: Argument| {
        let [name, value] = <[Argument; 2]>::try_from(item.into_items()?).ok()?;
        let Argument::Value(Value::Str(name)) = name else { return None };
        Some((name, value))
    };
    let pairs = argument.into_items().and_then(|items| items.into_iter().map(pair).collect());
    pairs.ok_or_else(|| Exception::type_error("keywords must be strings"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Argument {
        Argument::Value(Value::str(text))
    }

    fn message(bound: Result<std::vec::IntoIter<Argument>, Exception>) -> String {
        match bound {
            Err(Exception::Raised { class: "TypeError", args }) => match args.as_slice() {
                [Value::Str(message)] => message.clone(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn arguments_are_bound_by_place_and_by_name() {
        let command = find("transaction").unwrap();
        let keywords =
            vec![("amount".to_owned(), Argument::Value(Value::Int(5))), ("recipient_email".to_owned(), text("b"))];
        let bound: Vec<_> = command.bind(vec![text("t")], keywords).unwrap().collect();
        assert!(matches!(&bound[..], [
            Argument::Value(Value::Str(token)),
            Argument::Value(Value::Str(email)),
            Argument::Value(Value::Int(5)),
        ] if token == "t" && email == "b"));
    }

    /// As CPython 3.11 says it.
    #[test]
    fn mistakes_are_told_in_pythons_words() {
        let command = find("transaction").unwrap();
        let one = |name: &str| vec![(name.to_owned(), text("x"))];
        assert_eq!(
            message(command.bind(vec![], vec![])),
            "transaction() missing 3 required positional arguments: 'token', 'recipient_email', and 'amount'"
        );
        assert_eq!(
            message(command.bind(vec![], one("amount"))),
            "transaction() missing 2 required positional arguments: 'token' and 'recipient_email'"
        );
        assert_eq!(
            message(find("history").unwrap().bind(vec![], vec![])),
            "history() missing 1 required positional argument: 'token'"
        );
        assert_eq!(
            message(find("history").unwrap().bind(vec![text("a"), text("b")], vec![])),
            "history() takes 2 positional arguments but 3 were given"
        );
        assert_eq!(message(command.bind(vec![], one("to"))), "transaction() got an unexpected keyword argument 'to'");
        assert_eq!(
            message(command.bind(vec![text("t")], one("token"))),
            "transaction() got multiple values for argument 'token'"
        );
    }
}
