#!/bin/sh
# The secret contract of environment {{environment}}: an Azure SQL server that knows Entra
# identities only, a database, a Key Vault that holds the connection string as
# {{secret}}, and a managed identity that may read it.
#
# Needs az (signed in) and sqlcmd. Safe to run twice: what exists is kept. No password exists
# anywhere in it. Every value below can be set from outside:
#   GROUP=… LOCATION=… ADMIN_NAME=… ADMIN_ID=… CLIENT_IP=… sh FILE
set -eu

: "${GROUP:?the resource group}"
: "${ADMIN_NAME:?the Entra user or group that administers the server}"
: "${ADMIN_ID:?the object id of that user or group}"
ADMIN_TYPE="${ADMIN_TYPE:-Group}"              # User, Group or Application
LOCATION="${LOCATION:-westeurope}"
WORKLOAD="${WORKLOAD:-dbtool}"                # a short name that the others are made of
SERVER="${SERVER:-sql-$WORKLOAD}"             # unique in all of Azure
DATABASE="${DATABASE:-$WORKLOAD}"
VAULT="${VAULT:-{{vault}}}"                   # 3 to 24 characters, unique in all of Azure
SECRET="${SECRET:-{{secret}}}"
IDENTITY="${IDENTITY:-id-$WORKLOAD-{{environment}}}"
CLIENT_IP="${CLIENT_IP:-}"                    # the address of this machine, to be let in by the server
ALLOW_AZURE_SERVICES="${ALLOW_AZURE_SERVICES:-false}" # true: services inside Azure, of any tenant

az group create --name "$GROUP" --location "$LOCATION" --output none

# The identity of the application and of its migrations.
az identity create --resource-group "$GROUP" --name "$IDENTITY" --output none
CLIENT_ID=$(az identity show --resource-group "$GROUP" --name "$IDENTITY" --query clientId --output tsv)
PRINCIPAL_ID=$(az identity show --resource-group "$GROUP" --name "$IDENTITY" --query principalId --output tsv)

# The server, without SQL logins: there is no password that could leak.
if ! az sql server show --resource-group "$GROUP" --name "$SERVER" --output none 2>/dev/null; then
  az sql server create --resource-group "$GROUP" --name "$SERVER" --location "$LOCATION" \
    --enable-ad-only-auth --external-admin-principal-type "$ADMIN_TYPE" \
    --external-admin-name "$ADMIN_NAME" --external-admin-sid "$ADMIN_ID" \
    --minimal-tls-version 1.2 --output none
fi
if [ -n "$CLIENT_IP" ]; then
  az sql server firewall-rule create --resource-group "$GROUP" --server "$SERVER" --name provisioning \
    --start-ip-address "$CLIENT_IP" --end-ip-address "$CLIENT_IP" --output none
fi
# Use a private endpoint instead where there is one.
if [ "$ALLOW_AZURE_SERVICES" = true ]; then
  az sql server firewall-rule create --resource-group "$GROUP" --server "$SERVER" --name AllowAllWindowsAzureIps \
    --start-ip-address 0.0.0.0 --end-ip-address 0.0.0.0 --output none
fi
# Serverless: asleep when nobody asks.
if ! az sql db show --resource-group "$GROUP" --server "$SERVER" --name "$DATABASE" --output none 2>/dev/null; then
  az sql db create --resource-group "$GROUP" --server "$SERVER" --name "$DATABASE" \
    --edition GeneralPurpose --family Gen5 --capacity 1 --compute-model Serverless --output none
fi
ADDRESS=$(az sql server show --resource-group "$GROUP" --name "$SERVER" --query fullyQualifiedDomainName --output tsv)

# The vault, with rights by role assignments.
if ! az keyvault show --resource-group "$GROUP" --name "$VAULT" --output none 2>/dev/null; then
  az keyvault create --resource-group "$GROUP" --name "$VAULT" --location "$LOCATION" \
    --enable-rbac-authorization true --enable-purge-protection true --output none
fi
VAULT_ID=$(az keyvault show --name "$VAULT" --query id --output tsv)

# Whoever runs this writes the secret: a person, or the application of a pipeline.
if ME=$(az ad signed-in-user show --query id --output tsv 2>/dev/null); then
  ME_TYPE=User
else
  ME=$(az ad sp show --id "$(az account show --query user.name --output tsv)" --query id --output tsv)
  ME_TYPE=ServicePrincipal
fi
az role assignment create --role "Key Vault Secrets Officer" --scope "$VAULT_ID" \
  --assignee-object-id "$ME" --assignee-principal-type "$ME_TYPE" --output none

# The secret: it names server, database and identity, and holds no credentials. It goes through a
# file, because the arguments of a process can be read by others.
FILE=$(mktemp)
trap 'rm -f "$FILE"' EXIT
printf '%s' "Server=tcp:$ADDRESS,1433;Database=$DATABASE;Authentication=Active Directory Managed Identity;User Id=$CLIENT_ID;Encrypt=Mandatory" > "$FILE"
NOW=$(az keyvault secret show --vault-name "$VAULT" --name "$SECRET" --query value --output tsv 2>/dev/null || true)
if [ "$NOW" != "$(cat "$FILE")" ]; then
  # A new role assignment takes some minutes to work.
  TRY=1
  until az keyvault secret set --vault-name "$VAULT" --name "$SECRET" --file "$FILE" \
    --content-type "ADO.NET connection string" --output none; do
    [ "$TRY" -lt 20 ] || exit 1
    TRY=$((TRY + 1))
    sleep 15
  done
fi

# The identity may read this one secret, and nothing else in the vault.
az role assignment create --role "Key Vault Secrets User" --scope "$VAULT_ID/secrets/$SECRET" \
  --assignee-object-id "$PRINCIPAL_ID" --assignee-principal-type ServicePrincipal --output none

# The database user and its least rights, as the administrator. Where that is an application, the
# server's own identity needs the directory role Directory Readers to find the user's name.
SQL=$(mktemp)
trap 'rm -f "$FILE" "$SQL"' EXIT
cat > "$SQL" <<'END_OF_SQL'
{{statements}}
END_OF_SQL
sqlcmd -S "$ADDRESS" -d "$DATABASE" -G -b -v identity="$IDENTITY" -i "$SQL"

echo "AZURE_KEY_VAULT_NAME=$VAULT"
echo "AZURE_CLIENT_ID=$CLIENT_ID"
