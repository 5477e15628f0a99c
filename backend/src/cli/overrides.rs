//! The flags that stand over a configuration file's fields, made from their declarations.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use qoin::config::{Configuration, Override, Section};
use std::marker::PhantomData;

/// The name of the flag for settings.
const SET: &str = "set";

/// The values that the command line gives to fields of the configuration `C`.
#[derive(Debug)]
pub struct Overrides<C> {
    /// The values, with the flags that gave them.
    pub values: Vec<Override>,
    configuration: PhantomData<C>,
}

/// Reads the `NAME=VALUE` of `--set`.
pub fn parse_set(text: &str) -> Result<Override, String> {
    Override::parse_set(text)
}

impl<C: Configuration> Args for Overrides<C> {
    fn augment_args(command: Command) -> Command {
        let host = C::fields().filter(|field| field.section == Section::Host);
        let flags = host.map(|field| {
            let meaning = field.meaning.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
            Arg::new(field.name).long(field.flag()).alias(field.name).value_name("VALUE").help(meaning)
        });
        let set = Arg::new(SET).long(SET).value_name("NAME=VALUE").action(ArgAction::Append).value_parser(parse_set);
        command.args(flags).arg(set.help("Any field of [settings]"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<C: Configuration> FromArgMatches for Overrides<C> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let host = C::fields().filter(|field| field.section == Section::Host);
        let mut values: Vec<Override> = host
            .filter_map(|field| {
                let text = matches.get_one::<String>(field.name)?.clone();
                Some(Override { name: field.name.to_owned(), text, flag: format!("--{}", field.flag()) })
            })
            .collect();
        values.extend(matches.get_many::<Override>(SET).into_iter().flatten().cloned());
        Ok(Self { values, configuration: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
