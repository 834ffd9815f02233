//! `bedplate plan`: what would be built, and why. It writes nothing but what it observed of the archive.

use plan::{Decision, Reason};
use serde::Serialize;
use worker::{Publisher, Wave, WaveRequest};

use crate::arguments::{Arguments, Format, Plan};
use crate::commands::lock::{failed_code, split};
use crate::context::{Context, runtime};
use crate::output::{self, Table};
use crate::progress;

/// What would become of one image.
#[derive(Debug, Serialize)]
struct Planned {
    image: String,
    #[serde(flatten)]
    decision: Decision,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Plan) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let runtime = runtime()?;
    let (_state, wave) = context.open(&runtime, &progress::reporter(arguments.progress))?;
    let request = WaveRequest { images: command.images.clone(), platforms: command.platforms.clone() };
    let (locks, failed) = split(runtime.block_on(wave.locks(&request))?);
    let publisher = publisher(&context, &wave)?;
    let mut planned = Vec::new();
    for lock in &locks {
        let (decision, _) = runtime.block_on(wave.decide(lock, publisher.as_ref()))?;
        planned.push(Planned { image: lock.name.clone(), decision });
    }
    print(arguments.format, &wave, &planned)?;
    let code = failed_code(&failed, planned.len())?;
    let due = planned.iter().any(|one| one.decision != Decision::UpToDate);
    Ok(if code == 0 && due && command.exit_code { 1 } else { code })
}

/// Who would publish, where there are keys: to plan makes none.
fn publisher(context: &Context, wave: &Wave) -> anyhow::Result<Option<Publisher>> {
    let url = context.settings.registry.url(context.settings.listen);
    context.state.join("keys").is_dir().then(|| context.publisher(wave, &url)).transpose()
}

fn print(format: Format, wave: &Wave, planned: &[Planned]) -> anyhow::Result<()> {
    let mut table = Table::new(["IMAGE", "DECISION", "WHY", "PLATFORMS"]);
    for one in planned {
        let tag = wave.publications.get(&one.image).map_or_else(
            || one.image.clone(),
            |it| format!("{}:{}", it.repository, it.tags.first().unwrap_or(&it.fixed_tag)),
        );
        match &one.decision {
            Decision::UpToDate => table.row([tag, "no change".into(), String::new(), String::new()]),
            Decision::Rebuild(reasons) => {
                for (position, reason) in reasons.iter().enumerate() {
                    let (name, decision) = if position == 0 { (tag.as_str(), "rebuild") } else { ("", "") };
                    table.row([name.to_owned(), decision.to_owned(), reason.to_string(), platforms(reason)]);
                }
            }
        }
    }
    output::print(format, &table, &planned)?;
    if format == Format::Table {
        let due = planned.iter().filter(|one| one.decision != Decision::UpToDate).count();
        output::print_text(&format!("{due} to build, {} unchanged\n", planned.len() - due))?;
    }
    Ok(())
}

fn platforms(reason: &Reason) -> String {
    match reason {
        Reason::Package(change) => change.platforms.join(" "),
        _ => String::new(),
    }
}
