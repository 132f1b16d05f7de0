//! `provision`: what creates the secret contract in Azure, printed.

use anyhow::Result;
use serde_json::json;

use crate::cli::{Provision, ProvisionForm};
use crate::engine::Engine;
use crate::provision::Contract;
use crate::registry;
use crate::report::Report;
use crate::settings::Usage;

use super::{Context, Outcome};

pub(super) fn run(context: &Context<'_>, arguments: &Provision) -> Result<Outcome> {
    let config = &context.settings.config;
    let permissions = registry::dialect(Engine::Mssql, config).permissions();
    let contract = |name: &str| Contract::of(config, name, &permissions);
    let in_vault = || {
        let names = config.environments.keys().map(String::as_str);
        names.filter(|name| contract(name).is_some())
    };
    let contract = match context.settings.chosen_environment() {
        Some(name) => contract(name),
        // The default environment is a file as a rule; what is meant then is the one in a vault.
        None => in_vault().next().and_then(contract),
    };
    let contract = contract.ok_or_else(|| {
        let known: Vec<&str> = in_vault().collect();
        let known = match known.as_slice() {
            [] => "none".to_owned(),
            known => known.join(", "),
        };
        Usage::new(
            "the environment keeps its connection in no Key Vault, so there is nothing to provision",
            format!(
                "choose one whose connection is keyvault://VAULT/SECRET with --env; there are: {known}"
            ),
        )
    })?;
    let text = match arguments.form {
        ProvisionForm::Bicep => contract.bicep(),
        ProvisionForm::Az => contract.az(),
        ProvisionForm::Sql => contract.sql(),
    };
    let mut report = Report::new("provision");
    report.data = json!({ "environment": contract.environment, "text": text });
    Ok(Outcome {
        report,
        text,
        findings_are_the_answer: false,
    })
}
