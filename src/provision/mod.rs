//! What creates the secret contract in Azure, as text: a Bicep template, an `az` script and the
//! T-SQL for the database user. Nothing here runs anything.
//!
//! The three are files with a few names to fill in, so that they read as what they are; every
//! other choice is a parameter of the template or a variable of the script.

use crate::dialect::Permission;
use crate::yaml::config::{self, Config};

const BICEP: &str = include_str!("template.bicep");
const AZ: &str = include_str!("template.sh");

/// What the templates are filled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The environment in dbtool.yaml.
    pub environment: String,
    /// The vault's name where dbtool.yaml has one.
    pub vault: Option<String>,
    /// The secret's name.
    pub secret: String,
    /// The statements that give the least rights, with `{principal}` for the user.
    pub grants: Vec<String>,
}

impl Contract {
    /// The contract of an environment; `None` when its connection is not in Key Vault.
    pub fn of(config: &Config, environment: &str, permissions: &[Permission]) -> Option<Self> {
        let config::Database::Connection(text) =
            &config.environments.get(environment)?.database.value
        else {
            return None;
        };
        let reference = crate::secret::Reference::parse(text).ok()?;
        let crate::secret::Reference::KeyVault(reference) = reference else {
            return None;
        };
        Some(Self {
            environment: environment.to_owned(),
            vault: reference.vault.plain().map(str::to_owned),
            secret: reference.secret.plain()?.to_owned(),
            grants: permissions.iter().map(|it| it.grant.clone()).collect(),
        })
    }

    /// A Bicep template.
    pub fn bicep(&self) -> String {
        let vault = match &self.vault {
            Some(name) => format!("'{name}'"),
            None => "take('kv-${workload}-${uniqueString(resourceGroup().id)}', 24)".to_owned(),
        };
        self.filled(BICEP).replace("{{vault}}", &vault)
    }

    /// A script for a POSIX shell with `az` and `sqlcmd`.
    pub fn az(&self) -> String {
        let vault = match &self.vault {
            Some(name) => name.clone(),
            None => "kv-${WORKLOAD}".to_owned(),
        };
        self.filled(AZ)
            .replace("{{vault}}", &vault)
            .replace("{{statements}}", self.statements().trim_end())
    }

    /// T-SQL for sqlcmd, with the identity's name as its variable.
    pub fn sql(&self) -> String {
        format!(
            "-- The database user of environment {} and its least rights. Safe to run twice.\n\
             -- Run it in the database, as its Entra administrator:\n\
             --   sqlcmd -S SERVER.database.windows.net -d DATABASE -G -v identity=NAME -i FILE\n\
             {}",
            self.environment.escape_default(),
            self.statements()
        )
    }

    /// With the identity's name as a variable of sqlcmd, so that no shell has a say in it.
    fn statements(&self) -> String {
        let principal = "[$(identity)]";
        let mut text = format!(
            "IF DATABASE_PRINCIPAL_ID(N'$(identity)') IS NULL\n    \
             CREATE USER {principal} FROM EXTERNAL PROVIDER;\n"
        );
        for grant in &self.grants {
            text.push_str(&grant.replace("{principal}", principal));
            text.push('\n');
        }
        text
    }

    fn filled(&self, template: &str) -> String {
        // It becomes part of names and comments, in languages that quote differently.
        let plain = |it: char| match it.is_ascii_alphanumeric() {
            true => it,
            false => '-',
        };
        let environment: String = self.environment.chars().map(plain).collect();
        template
            .replace("{{environment}}", &environment)
            .replace("{{secret}}", &self.secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ProvisionForm;
    use crate::engine::Engine;
    use crate::registry;

    fn contract(vault: Option<&str>) -> Contract {
        let config = Config::default();
        let dialect = registry::dialect(Engine::Mssql, &config);
        let permissions = dialect.permissions();
        Contract {
            environment: "dev".to_owned(),
            vault: vault.map(str::to_owned),
            secret: "SqlConnectionString--Dev".to_owned(),
            grants: permissions.into_iter().map(|it| it.grant).collect(),
        }
    }

    #[test]
    fn the_forms_are_as_they_were_agreed() {
        let contract = contract(None);
        for form in [ProvisionForm::Bicep, ProvisionForm::Az, ProvisionForm::Sql] {
            let (name, text) = match form {
                ProvisionForm::Bicep => ("bicep", contract.bicep()),
                ProvisionForm::Az => ("az", contract.az()),
                ProvisionForm::Sql => ("sql", contract.sql()),
            };
            assert!(!text.contains("{{"), "something is not filled in: {text}");
            assert!(!text.to_lowercase().contains("password="), "{text}");
            insta::assert_snapshot!(name, text);
        }
    }

    #[test]
    fn a_vault_that_is_named_in_the_settings_keeps_its_name() {
        let contract = contract(Some("my-vault"));
        assert!(
            contract
                .bicep()
                .contains("param vaultName string = 'my-vault'")
        );
        assert!(contract.az().contains("VAULT=\"${VAULT:-my-vault}\""));
    }
}
