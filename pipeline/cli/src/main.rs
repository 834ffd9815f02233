#![doc = include_str!("../README.md")]

use std::process::ExitCode;

use clap::Parser;

mod age;
mod arguments;
mod catalogue_check;
mod cleaning;
mod commands;
mod comparing;
mod comparison;
mod comparison_files;
mod comparison_text;
mod config_values;
mod containerd;
mod containerd_call;
mod context;
mod copy_choice;
mod copy_place;
mod delivery;
mod doctor_archive;
mod doctor_feeds;
mod doctor_keys;
mod doctor_machine;
mod doctor_registry;
mod dpkg_records;
mod exit;
mod file_tree;
mod finding;
mod findings;
mod history_arguments;
#[cfg(test)]
mod history_fixtures;
mod history_text;
mod image_source;
mod image_subject;
mod key_export;
mod key_index;
mod key_pages;
mod key_texts;
mod keys_arguments;
mod knowing;
mod layer_budget;
mod layer_entries;
mod layer_files;
#[cfg(test)]
mod layer_fixtures;
mod layer_records;
mod layout_folder;
mod ledger_status;
mod notices;
mod output;
mod progress;
mod progress_bars;
mod progress_lines;
mod published;
mod pull_table;
mod rebuild_arguments;
mod registry_arguments;
mod registry_settings;
mod review_file;
mod root_folder;
mod saved_image;
mod sbom_arguments;
mod sbom_choice;
mod sbom_table;
mod scan_arguments;
mod scan_bar;
mod scan_blobs;
mod scan_data;
mod scan_files;
#[cfg(test)]
mod scan_fixtures;
mod scan_image;
mod scan_input;
mod scan_inventory;
mod scan_judging;
mod scan_kind;
mod scan_output;
mod scan_source;
mod scan_target;
mod scan_text;
mod sent_text;
mod serving;
mod settings;
mod shown;
mod sign_arguments;
mod status;
mod status_api;
mod status_badges;
mod status_findings;
mod status_findings_api;
mod status_fixes;
#[cfg(test)]
mod status_fixtures;
mod status_front;
mod status_image;
mod status_metrics;
mod status_page;
mod status_parts;
mod status_plots;
mod status_routes;
mod status_vex;
mod status_vex_index;
mod status_view;
mod status_vulnerabilities;
mod status_vulnerability;
mod tar_files;
mod verify_arguments;
mod verify_contents;
mod verify_policy;
mod verify_text;

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    if let Some(call) = containerd_call::read(std::env::args_os()) {
        return containerd::answer(&call);
    }
    let arguments = Arguments::parse();
    start_log(arguments.verbose);
    let result = run(&arguments);
    exit::report(result)
}

fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    match &arguments.command {
        Command::Up(command) => commands::up::run(arguments, command),
        Command::Serve(command) => commands::serve::run(arguments, command),
        Command::Lock(command) => commands::lock::run(arguments, command),
        Command::Plan(command) => commands::plan::run(arguments, command),
        Command::Build(command) => commands::build::run(arguments, command),
        Command::Diff(command) => commands::diff::run(arguments, command),
        Command::Publish(command) => commands::publish::run(arguments, command),
        Command::Rebuild(command) => commands::rebuild::run(arguments, command),
        Command::Copy(command) => commands::copy::run(arguments, command),
        Command::Sign(command) => commands::sign::run(arguments, command),
        Command::Verify(command) => commands::verify::run(arguments, command),
        Command::Scan(command) => commands::scan::run(arguments, command),
        Command::Sbom(command) => commands::sbom::run(arguments, command),
        Command::Explain(command) => commands::explain::run(arguments, command),
        Command::History(command) => commands::history::run(arguments, command),
        Command::Status(command) => commands::status::run(arguments, command),
        Command::Site(command) => commands::site::run(arguments, command),
        Command::Keys(command) => commands::keys::run(arguments, command),
        Command::Catalog(command) => commands::catalog::run(arguments, command),
        Command::Gc(command) => commands::gc::run(arguments, command),
        Command::Doctor(command) => commands::doctor::run(arguments, command),
        Command::Completions(command) => commands::completions::run(command),
    }
}

/// The log goes to standard error; `RUST_LOG` or `-v` says how much of it.
fn start_log(verbose: u8) {
    let default = match verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| default.into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| progress_bars::LogWriter).init();
}
