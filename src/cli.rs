//! The commands and their arguments; what a command has to say is printed here and nowhere else, made harmless. The exit
//! code is 0 fine, 1 failed, 2 configuration or usage; `ingest` has those that mail servers expect.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory as _, Parser, Subcommand};
use jiff::Timestamp;
use tracing_subscriber::EnvFilter;

use crate::admin::{Chosen, Office, Told, show};
use crate::admin::{
    assistant, audit, backup, bill, check, clock, conversation, document, event, explain, firm, folder, import, inbox,
    ingest, init, inspect, mailbox, matter, outbox, person, purge, reply_key, seal, share, task, time, who,
};
use crate::config::{Config, ConfigErrors, Log, LogFormat};
use crate::log;
use crate::outbound::preview;

const EVERYWHERE: &str = "With every command";
const EXIT_CODES: &str = "docketpost help COMMAND tells more of each. Exit code: 0 done, 1 refused or failed, 2 wrong usage or \
                          configuration; what went wrong is on standard error.";
const DEFAULT_CONFIG: &str = "/etc/docketpost/config.toml";

/// Co-counsel work on a law firm's matters from their own mailbox.
#[derive(Clone, Debug, Parser)]
#[command(name = "docketpost", version, about, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// The configuration [default: $DOCKETPOST_CONFIG, or /etc/docketpost/config.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE, display_order = 900)]
    pub config: Option<PathBuf>,
    /// The firm's slug, where the store has several
    #[arg(long, global = true, value_name = "SLUG", help_heading = EVERYWHERE, display_order = 900)]
    pub firm: Option<String>,
    /// Act as this user of the firm [default: its first administrator]
    #[arg(long = "as", global = true, value_name = "ADDRESS", help_heading = EVERYWHERE, display_order = 900)]
    pub acts_as: Option<String>,
    /// Print JSON
    #[arg(long, global = true, help_heading = EVERYWHERE, display_order = 900)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What docketpost can be told to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Run the gateway until it is told to stop
    Run,
    /// Play through a day of the gateway, without servers and configuration
    Demo {
        /// Keep the store and the mails in this folder, which must be empty
        #[arg(long, value_name = "DIR")]
        keep: Option<PathBuf>,
    },
    /// Make a firm and its first administrator
    Init(init::Args),
    /// Take in people, matters and their things from JSON or CSV
    Import(import::Args),
    /// Share a thing with a person
    Share(share::ShareArgs),
    /// End a share at once
    Unshare(share::UnshareArgs),
    /// Send a person their invitation
    Invite(share::InviteArgs),
    /// Enter, list, change, complete and delete tasks
    Task(task::TaskArgs),
    /// Assign a task to somebody
    Assign(task::AssignArgs),
    /// Show and change what is set for the firm
    #[command(subcommand)]
    Firm(firm::Firm),
    /// List, enter, change, close, screen and hold matters
    #[command(subcommand)]
    Matter(matter::Matter),
    /// Add users of the firm, say what they may, keep them out
    #[command(subcommand)]
    User(person::User),
    /// List, add, change and remove people
    #[command(subcommand)]
    Person(person::Person),
    /// List, approve and remove assistants of co-counsel
    #[command(subcommand)]
    Assistant(assistant::Assistant),
    /// Show conversations, correct or take back messages, make a conversation read-only
    #[command(subcommand)]
    Conversation(conversation::Conversation),
    /// Tell who may see a thing, and why
    Who(who::Args),
    /// List, show and decide mail that came in
    #[command(subcommand)]
    Inbox(inbox::What),
    /// List, retry and drop letters that leave
    #[command(subcommand)]
    Outbox(outbox::What),
    /// List, export and bill recorded time
    #[command(subcommand)]
    Time(time::What),
    /// List and enter bills, say where they stand and where they are paid
    #[command(subcommand)]
    Bill(bill::What),
    /// Try configuration, store, mailboxes, ways out and clock; changes nothing
    Check(check::Args),
    /// Tell where mails and letters stand
    Status,
    /// Tell what happened
    #[command(subcommand)]
    Audit(audit::What),
    /// Tell what a mail would do, and why; changes nothing
    Explain(explain::Args),
    /// Tell what stands in mails, as JSON lines
    Inspect(inspect::Args),
    /// Take in one mail from standard input, as mail servers deliver it
    Ingest(ingest::Args),
    /// Make a consistent copy of database and blobs while the daemon runs
    Backup(backup::Args),
    /// Give a mailbox to this gateway that another one had
    #[command(subcommand)]
    Mailbox(mailbox::What),
    /// Say that the clock is right, after it leapt
    #[command(subcommand)]
    Clock(clock::What),
    /// Enter events, change them, and invite people to them
    #[command(subcommand)]
    Event(event::Event),
    /// Take away raw mails that need not be kept any more
    Purge(purge::Args),
    /// List, replace and end the keys of reply addresses
    #[command(subcommand)]
    ReplyKey(reply_key::What),
    /// Seal documents and raw mails with the configured key
    Seal(seal::Args),
    /// List, give out and file documents, check them out and in
    #[command(subcommand)]
    Document(document::Document),
    /// List, make, lock and unlock folders
    #[command(subcommand)]
    Folder(folder::Folder),
    /// Draw the first page of standard input, in the process that is made for it
    #[command(name = preview::COMMAND, hide = true)]
    Draw {
        /// As what
        kind: preview::Kind,
        /// What to become for it
        program: Option<PathBuf>,
    },
    /// Tell how a command is used
    Help {
        /// The command, such as share, or inbox release
        command: Vec<String>,
    },
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the man page, or write those of all commands into a folder
    Man {
        /// The folder
        folder: Option<PathBuf>,
    },
}

/// Does what the arguments say and gives the exit code.
pub fn run(cli: &Cli) -> ExitCode {
    if let Command::Draw { kind, program } = &cli.command {
        return preview::draw_here(*kind, program.as_deref());
    }
    std::panic::set_hook(Box::new(|panic| tell_where(panic.location())));
    // Fails only where one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match told(cli, crate::clock::now()) {
        Ok(told) => {
            print(&told.printed(cli.json));
            log::say_last(&show::harmless(&told.note));
            ExitCode::from(told.code)
        }
        Err(error) => {
            let code = if error.is::<ConfigErrors>() { 2 } else { 1 };
            log::say_last(&format!("docketpost: {}\n", show::harmless(&format!("{error:#}"))));
            ExitCode::from(code)
        }
    }
}

/// Tells of a panic by its place alone: what it says may quote a mail (threats T78).
fn tell_where(place: Option<&std::panic::Location<'_>>) {
    let place = place.map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(std::io::stderr(), "docketpost: a step failed unexpectedly at {}", show::harmless(&place));
}

/// Does what the arguments say at this moment and gives what is to be printed.
pub fn told(cli: &Cli, now: Timestamp) -> Result<Told> {
    let chosen = chosen(cli);
    let office = || {
        start_log(Log { level: crate::config::LogLevel::Warn, format: LogFormat::Plain });
        Office::open(&chosen, now)
    };
    match &cli.command {
        Command::Run => {
            let config = Config::load(&chosen.config)?;
            start_log(config.log);
            crate::daemon::run(config, || Config::load(&chosen.config))?;
            Ok(Told::default())
        }
        Command::Demo { keep } => {
            crate::demo::run(keep.as_deref())?;
            Ok(Told::default())
        }
        Command::Init(args) => init::run(args, &Config::load_offline(&chosen.config)?, now),
        Command::Import(args) if args.columns => Ok(import::columns()),
        Command::Import(args) => import::run(&office()?, args),
        Command::Share(args) => share::share(&office()?, args),
        Command::Unshare(args) => share::unshare(&office()?, args),
        Command::Invite(args) => share::invite(&office()?, args),
        Command::Task(args) => task::task(&office()?, args),
        Command::Assign(args) => task::assign(&office()?, args),
        Command::Firm(what) => firm::run(&office()?, what),
        Command::Matter(what) => matter::run(&office()?, what),
        Command::User(what) => person::user(&office()?, what),
        Command::Person(what) => person::person(&office()?, what),
        Command::Assistant(what) => assistant::run(&office()?, what),
        Command::Conversation(what) => conversation::run(&office()?, what),
        Command::Who(args) => who::run(&office()?, args),
        Command::Inbox(what) => inbox::run(&office()?, what),
        Command::Outbox(what) => outbox::run(&office()?, what),
        Command::Time(what) => time::run(&office()?, what),
        Command::Bill(what) => bill::run(&office()?, what),
        Command::Backup(args) => backup::run(&office()?, args),
        Command::Purge(args) => purge::run(&office()?, args),
        Command::ReplyKey(what) => reply_key::run(&office()?, what),
        Command::Seal(args) => seal::run(&office()?, &Config::load_offline(&chosen.config)?, args),
        Command::Check(args) => check::run(&chosen, args, now),
        Command::Mailbox(what) => mailbox::run(&chosen, what, now),
        Command::Clock(what) => clock::run(&office()?, *what),
        Command::Status => audit::status(&office()?),
        Command::Audit(what) => audit::run(&office()?, what),
        Command::Explain(args) => explain::run(&chosen, args, now),
        Command::Inspect(args) => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            inspect::run(args, &now.to_zoned(jiff::tz::TimeZone::UTC), &mut out)
                .map(|code| Told::default().failed(code))
        }
        Command::Ingest(args) => Ok(ingest::run(&chosen, args, &mut std::io::stdin().lock(), now)),
        Command::Event(what) => event::run(&office()?, what),
        Command::Document(what) => document::run(&office()?, what),
        Command::Folder(what) => folder::run(&office()?, what),
        Command::Draw { .. } => Ok(Told::default()),
        Command::Help { command } => help(command),
        Command::Completions { shell } => completions(*shell),
        Command::Man { folder } => man(folder.as_deref()),
    }
}

fn chosen(cli: &Cli) -> Chosen {
    let config = cli
        .config
        .clone()
        .or_else(|| std::env::var_os("DOCKETPOST_CONFIG").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from(DEFAULT_CONFIG));
    Chosen { config, firm: cli.firm.clone(), acts_as: cli.acts_as.clone(), only_configured: None }
}

/// Starts the log on standard error. Only our own targets write: libraries say addresses and bytes.
fn start_log(log: Log) {
    log::hide_what_panics_say();
    let filter = EnvFilter::new(format!("off,docketpost={}", log.level.as_str()));
    let log_to = tracing_subscriber::fmt().with_env_filter(filter).with_writer(log::Lines::start).with_ansi(false);
    // Fails only where one was started already.
    let _ = match log.format {
        LogFormat::Plain => log_to.try_init(),
        LogFormat::Json => log_to.json().flatten_event(true).try_init(),
    };
}

fn help(words: &[String]) -> Result<Told> {
    let mut cli = Cli::command();
    // Names every part of the tree, so that the usage line shows the whole command.
    cli.build();
    let mut command = &mut cli;
    for word in words {
        command = command.find_subcommand_mut(word).ok_or_else(|| {
            anyhow::anyhow!("there is no command \"{}\"; docketpost help lists them", words.join(" "))
        })?;
    }
    Ok(Told::new(command.render_long_help().to_string(), serde_json::Value::Null))
}

fn completions(shell: clap_complete::Shell) -> Result<Told> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "docketpost", &mut script);
    Ok(Told::new(String::from_utf8(script)?, serde_json::Value::Null))
}

fn man(folder: Option<&std::path::Path>) -> Result<Told> {
    let command = Cli::command();
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        return Ok(Told::new(String::from_utf8(page)?, serde_json::Value::Null));
    };
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command, folder)?;
    Ok(Told::new(format!("The man pages are in {}.\n", folder.display()), serde_json::Value::Null))
}

/// Writes to standard output; a reader that went away is none of our business.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_is_a_command_and_takes_one() {
        assert!(help(&[]).unwrap().text.contains("unshare"));
        let release = help(&["inbox".into(), "release".into()]).unwrap().text;
        assert!(release.contains("docketpost inbox release"), "{release}");
        assert!(help(&["import".into()]).unwrap().text.contains("--columns"));
        assert!(help(&["nosuch".into()]).unwrap_err().to_string().contains("no command"));
    }

    #[test]
    fn a_share_reads_like_a_sentence() {
        let words =
            ["docketpost", "share", "M-12", "with", "jane@example.com", "--quietly", "--rate", "250.00", "--json"];
        let cli = Cli::try_parse_from(words).unwrap();
        assert!(cli.json);
        let Command::Share(args) = cli.command else { panic!("not a share") };
        assert_eq!((args.thing.as_str(), args.person.as_str(), args.rate), ("M-12", "jane@example.com", Some(25_000)));
        assert!(Cli::try_parse_from(["docketpost", "share", "M-12", "to", "jane@example.com"]).is_err());
    }
}
