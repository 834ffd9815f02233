//! `bedplate keys`: the keys that sign, and what others verify with.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};
use signing::Password;
use worker::{KeyFolder, KeyRole, KeyStanding, KnownIdentity, KnownKey, KnownKeys, RestoredKey, SignerSettings};

use crate::arguments::{Arguments, Keys, KeysBackup, KeysRestore};
use crate::context::Context;
use crate::key_export;
use crate::key_texts::Handout;
use crate::output::{self, Table};

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Keys) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let folder = KeyFolder::of_state(&context.state);
    match command {
        Keys::List => list(arguments, &known(&context)?)?,
        Keys::Rotate(command) => rotate(arguments, &context, &folder, command.role)?,
        Keys::Retire(command) => retire(arguments, &folder, &command.id)?,
        Keys::Export(command) => {
            let settings = &context.settings;
            let handout = Handout::new(known(&context)?, &settings.name(settings.listen), settings);
            key_export::run(arguments.format, &handout, command)?;
        }
        Keys::Backup(command) => backup(arguments, &folder, command)?,
        Keys::Restore(command) => restore(arguments, &folder, command)?,
    }
    Ok(0)
}

fn known(context: &Context) -> anyhow::Result<KnownKeys> {
    Ok(KnownKeys::read(&context.settings.signing, &context.state)?)
}

fn list(arguments: &Arguments, known: &KnownKeys) -> anyhow::Result<()> {
    print_known(arguments, known.all(), known.identities())?;
    if known.is_empty() && arguments.format != crate::arguments::Format::Json {
        output::print_text("\nNo keys yet: `bedplate up` makes them.\n")?;
    }
    Ok(())
}

fn rotate(arguments: &Arguments, context: &Context, folder: &KeyFolder, role: Option<KeyRole>) -> anyhow::Result<()> {
    let roles: Vec<KeyRole> = role.map_or(KeyRole::ALL.into(), |role| vec![role]);
    for role in &roles {
        anyhow::ensure!(
            context.settings.signing.signer(*role) == &SignerSettings::Own,
            "the settings name who signs as `{role}`: a key is replaced there, by the new one under `signing.{role}.key` and the old one under `also` beside it"
        );
    }
    let made = roles.into_iter().map(|role| folder.add(role)).collect::<Result<Vec<_>, _>>()?;
    print(arguments, &made)?;
    say(
        arguments,
        "\nThe old key signs too, until `bedplate keys retire ID`. The next wave of `bedplate up` takes the new one; wait until every image is signed by both, and \
         let others fetch the new key first.\n",
    )
}

fn retire(arguments: &Arguments, folder: &KeyFolder, id: &str) -> anyhow::Result<()> {
    let key = folder.retire(id)?;
    print(arguments, std::slice::from_ref(&key))?;
    let path = key.path.display();
    say(
        arguments,
        &format!(
            "\nIt signs nothing any longer, and what it signed is still believed. If it fell into other hands, remove `{path}`.\n"
        ),
    )
}

fn backup(arguments: &Arguments, folder: &KeyFolder, command: &KeysBackup) -> anyhow::Result<()> {
    let text = folder.backup(&password(command.password_file.as_deref())?)?;
    let mut file = worker::NewFile::create_private(&command.output)?;
    file.write(text.as_bytes())?;
    file.commit_new()?;
    print(arguments, &folder.list()?)?;
    let path = command.output.display();
    say(arguments, &format!("\nWritten to `{path}`. Keep it and its password in different places.\n"))
}

fn restore(arguments: &Arguments, folder: &KeyFolder, command: &KeysRestore) -> anyhow::Result<()> {
    let path = &command.backup;
    let text = std::fs::read(path).with_context(|| format!("cannot read the backup `{}`", path.display()))?;
    let keys = folder.restore(&text, &password(command.password_file.as_deref())?)?;
    let mut table = Table::new(["USE", "ID", "STANDING", "RESTORED"]);
    for key in &keys {
        let done = if key.restored { "yes" } else { "was there" };
        table.row([key.role.word(), &key.public.id().hex()[..16], word(key.standing), done]);
    }
    let value: Vec<Value> = keys.iter().map(restored).collect();
    output::print(arguments.format, &table, &json!({"schema": "bedplate.keys/v1", "keys": value}))
}

fn restored(key: &RestoredKey) -> Value {
    json!({"use": key.role.word(), "id": key.public.id(), "standing": word(key.standing), "restored": key.restored})
}

/// That of the file or of the environment; an empty one keeps nothing secret.
fn password(file: Option<&Path>) -> anyhow::Result<Password> {
    let found = worker::key_password(file)?.filter(|password| !password.is_empty());
    found.with_context(|| {
        format!(
            "there is no password: name a file by --password-file, or set {} in the environment",
            worker::KEY_PASSWORD
        )
    })
}

fn print(arguments: &Arguments, keys: &[KnownKey]) -> anyhow::Result<()> {
    print_known(arguments, keys, &[])
}

fn print_known(arguments: &Arguments, keys: &[KnownKey], identities: &[KnownIdentity]) -> anyhow::Result<()> {
    let mut table = Table::new(["USE", "ID", "STANDING", "MADE", "FILE"]);
    for key in keys {
        let made = key.made.map(|made| made.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
        table.row([
            key.role.to_string(),
            key.short_id(),
            word(key.standing).into(),
            made,
            key.path.display().to_string(),
        ]);
    }
    for known in identities {
        let root = known.trusted_root.display().to_string();
        table.row([
            known.role.to_string(),
            known.identity.shown().to_string(),
            word(KeyStanding::Active).into(),
            String::new(),
            root,
        ]);
    }
    let keys: Vec<Value> = keys.iter().map(value).collect();
    let mut answer = json!({"schema": "bedplate.keys/v1", "keys": keys});
    if !identities.is_empty() {
        answer["identities"] = identities.iter().map(identity).collect();
    }
    output::print(arguments.format, &table, &answer)
}

fn identity(known: &KnownIdentity) -> Value {
    json!({
        "use": known.role.word(), "issuer": known.identity.issuer, "subject": known.identity.subject,
        "standing": word(KeyStanding::Active), "trusted-root": known.trusted_root.display().to_string(),
    })
}

fn value(key: &KnownKey) -> Value {
    json!({
        "use": key.role.word(), "id": key.public.id(), "standing": word(key.standing), "made": key.made,
        "file": key.path.display().to_string(), "public": key.public.to_pem(),
    })
}

fn word(standing: KeyStanding) -> &'static str {
    match standing {
        KeyStanding::Active => "signs",
        KeyStanding::Retired => "retired",
    }
}

/// Advice, where a person reads.
fn say(arguments: &Arguments, text: &str) -> anyhow::Result<()> {
    if arguments.format == crate::arguments::Format::Json { Ok(()) } else { output::print_text(text) }
}
